"""`train --preset NAME`: train a network into a folder of weights, or into the registry."""

import logging
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from lungcore import __version__
from lungcore.cli.output import UsageError, say, say_json
from lungcore.learning import plans, tasks, train
from lungcore.learning.plans import CLASSIFIER, DETECTOR, SEED_CNN, Plan, Recipe
from lungcore.settings import Settings

CHOSEN = ("optimizer", "learning_rate", "loss", "augmentation", "patience", "seed", "epochs")


def run(settings: Settings, arguments: Namespace) -> None:
    """Train the preset from the data that it asks for; the worker does the same by `jobs`."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if arguments.dataset:
        _train_into_registry(settings, arguments)
    elif arguments.preset == SEED_CNN:
        _need(arguments, "images", "labels", "out")
        _train_seed_cnn(settings, arguments)
    else:
        _need(arguments, "data", "out")
        out = Path(arguments.out)
        out.mkdir(parents=True, exist_ok=True)
        plan = plan_of(settings, arguments)
        train.train(plan, out, out)


def plan_of(settings: Settings, arguments: Namespace) -> Plan:
    """The plan that the command line asks for."""
    task = tasks.read(Path(arguments.task)) if arguments.task else tasks.LUNGS
    plan = Plan(
        preset=arguments.preset,
        task=task,
        recipe=recipe_of(plans.defaults(arguments.preset, task), arguments),
        data=arguments.data or "",
        images=arguments.images or "",
        labels=arguments.labels or "",
        version=arguments.version or "",
        code=__version__,
    )
    if arguments.parent:
        from lungcore.jobs import models

        parent = models.parent(settings, arguments.parent)
        plan = replace(plan, parent=str(parent), parent_name=arguments.parent)
    return plan


def recipe_of(recipe: Recipe, arguments: Namespace) -> Recipe:
    """The defaults with what the command line asks for instead."""
    given = {name: getattr(arguments, name) for name in CHOSEN}
    chosen = {name: value for name, value in given.items() if value is not None}
    if arguments.thaw:
        chosen["thaw"] = tuple(arguments.thaw)
    recipe = replace(recipe, **chosen)
    return recipe.taking(arguments.steps) if arguments.steps else recipe


def _need(arguments: Namespace, *names: str) -> None:
    absent = [f"--{name}" for name in names if getattr(arguments, name) is None]
    if absent:
        raise UsageError("cli.train_needs", preset=arguments.preset, names=", ".join(absent))


def _train_into_registry(settings: Settings, arguments: Namespace) -> None:
    """Lay out the dataset version, train on it and register the candidate."""
    from lungcore.jobs import training
    from lungcore.records import database, datasets

    if arguments.preset not in (DETECTOR, CLASSIFIER):
        raise UsageError("cli.train_no_dataset", preset=arguments.preset)
    with database.snapshot(database.connect(settings.database_url)) as session:
        dataset_id = datasets.resolve(session, arguments.dataset)
    plan = replace(plan_of(settings, arguments), dataset=dataset_id)
    name = training.train_here(settings, plan, Path(arguments.out) if arguments.out else None)
    if arguments.json:
        say_json({"model": name})
    else:
        say(name)


def _train_seed_cnn(settings: Settings, arguments: Namespace) -> None:
    from lungcore.learning import seed_cnn

    plan, out = plan_of(settings, arguments), Path(arguments.out)
    pairs = seed_cnn.read_pairs(Path(plan.images), Path(plan.labels))
    parent = Path(plan.parent) / "model.keras" if plan.parent else None
    trained = seed_cnn.train(*pairs, plan.recipe, out, parent)
    if trained is None:
        return
    record = seed_cnn.write(trained, out)
    if arguments.json:
        say_json(record)
    else:
        say(str(record["model"]))
