"""`train --preset NAME`: train a network into a folder of weights."""

import logging
from argparse import Namespace
from pathlib import Path

from lungcore.cli.output import UsageError, say, say_json
from lungcore.learning import tasks, train
from lungcore.settings import Settings

DETECTOR, CLASSIFIER, SEED_CNN = "detector", "classifier", "seed_cnn"
PRESETS = (DETECTOR, CLASSIFIER, SEED_CNN)


def run(settings: Settings, arguments: Namespace) -> None:
    """Train the preset from the data that it asks for."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if arguments.preset == SEED_CNN:
        _need(arguments, "images", "labels")
        _train_seed_cnn(arguments)
        return
    _need(arguments, "data")
    task = tasks.read(Path(arguments.task)) if arguments.task else tasks.LUNGS
    data, out = Path(arguments.data), Path(arguments.out)
    if arguments.preset == DETECTOR:
        steps = arguments.steps or task.detector.steps
        train.train_detector(task, data, out, steps, arguments.seed)
    else:
        steps = arguments.steps or task.classifier.steps
        train.train_classifier(task, data, out, steps, arguments.seed)


def _need(arguments: Namespace, *names: str) -> None:
    absent = [f"--{name}" for name in names if getattr(arguments, name) is None]
    if absent:
        raise UsageError("cli.train_needs", preset=arguments.preset, names=", ".join(absent))


def _train_seed_cnn(arguments: Namespace) -> None:
    from lungcore.learning import seed_cnn

    pairs = seed_cnn.read_pairs(Path(arguments.images), Path(arguments.labels))
    trained = seed_cnn.train(*pairs, arguments.epochs or seed_cnn.EPOCHS, arguments.seed)
    record = seed_cnn.write(trained, Path(arguments.out))
    if arguments.json:
        say_json(record)
    else:
        say(str(record["model"]))
