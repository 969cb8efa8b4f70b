"""From a plan to weights: the same code for the command line, the page and the worker.

Keras is loaded when the training starts, not with this module. Called again with the same folder,
an interrupted training goes on where it was. `python -m lungcore.learning.train FOLDER` runs the
plan in a folder, and ends with the process that started it; `--cost` measures it for a few seconds
instead.
"""

import json
import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lungcore.errors import LungcoreError
from lungcore.learning import children, plans, tasks
from lungcore.learning.plans import CLASSIFIER, DETECTOR, Plan
from lungcore.learning.weights import Card, mark, read_card, write_card

# Of the candidates, which are reported: from what probability, and how many of a series at most.
DETECTOR_SETTINGS = {"least_probability": 0.3, "most_reported": 20.0}
COST_SECONDS = 5.0
DONE, FAILED, STOPPED = 0, 1, 3


def train(plan: Plan, folder: Path, out: Path) -> bool:
    """Train in `folder`, and write weights, task and card into `out`; False when asked to stop.

    Raises LungcoreError when the data is not there.
    """
    if plan.preset == DETECTOR:
        return _train_detector(plan, folder, out)
    if plan.preset == CLASSIFIER:
        return _train_classifier(plan, folder, out)
    return _train_seed_cnn(plan, folder, out)


def make(plan: Plan, folder: Path) -> bool:
    """Train in `folder` until `weights/` is there, which comes whole; False when asked to stop.

    The classifier's card is written before it is calibrated, so a card is no sign of the end.
    """
    making, weights = folder / "making", folder / "weights"
    if weights.is_dir():
        return True
    if not train(plan, folder, making):
        return False
    making.rename(weights)
    return True


def _train_detector(plan: Plan, folder: Path, out: Path) -> bool:
    from lungcore.learning import detector_training, examples
    from lungcore.learning.export import export

    model = detector_training.train(plan, folder)
    if model is None:
        return False
    card = _card(plan, export(model, plan.task, out), DETECTOR_SETTINGS)
    series = examples.series(plan.preset, Path(plan.data), plan.task)
    write_card(out, replace(card, trained_series=_marks(plan, series)))
    return True


def _train_classifier(plan: Plan, folder: Path, out: Path) -> bool:
    from lungcore.learning import classifier_training, examples, out_of_fold
    from lungcore.learning.export import export

    model = classifier_training.train(plan, folder)
    if model is None:
        return False
    data = Path(plan.data)
    card = _card(plan, export(model, plan.task, out), out_of_fold.unfitted())
    series = examples.series(plan.preset, data, plan.task)
    card = replace(card, trained_series=_marks(plan, series))
    write_card(out, card)  # the members run by it when they are calibrated
    judged = out_of_fold.judge(plan.task, data, out)
    write_card(out, replace(card, settings=out_of_fold.fit(judged)))
    return True


def _train_seed_cnn(plan: Plan, folder: Path, out: Path) -> bool:
    from lungcore.learning import seed_cnn
    from lungcore.learning.export import write_ir
    from lungcore.learning.weights import FILES, digest

    pairs = seed_cnn.read_pairs(Path(plan.images), Path(plan.labels))
    parent = Path(plan.parent) / "model.keras" if plan.parent else None
    trained = seed_cnn.train(*pairs, plan.recipe, folder, parent)
    if trained is None:
        return False
    out.mkdir(parents=True, exist_ok=True)
    trained.model.save(out / "model.keras")
    write_ir(trained.model, out / "model.xml")
    tasks.write(out / tasks.FILE, plan.task)
    card = _card(plan, {name: digest(out / name) for name in FILES}, {})
    measured = {
        name: {"value": value, "set": "a fifth held back"}
        for name, value in trained.metrics.items()
    }
    write_card(out, replace(card, figures=measured))
    return True


def _card(plan: Plan, sha256: dict[str, str], settings: dict[str, float]) -> Card:
    told = plan.task.classifier if plan.preset == CLASSIFIER else plan.task.detector
    return Card(
        task=plan.preset,
        version=plan.version or told.version,
        created=datetime.now(UTC).date().isoformat(),
        trained_on=told.trained_on if not plan.dataset else plan.dataset,
        split=told.split if not plan.dataset else "by patient, as the dataset version says",
        limits=told.limits,
        seed=plan.recipe.seed,
        settings=settings,
        figures={},
        sha256=sha256,
        dataset=plan.dataset,
        parent=plan.parent_name,
        code=plan.code,
        recipe={k: v for k, v in asdict(plan.recipe).items() if v is not None},
        inputs=_inputs(plan),
    )


def _inputs(plan: Plan) -> dict[str, Any]:
    """What the training data looks like, against which studies in use are held."""
    from lungcore.learning import inputs

    if plan.preset == plans.SEED_CNN:
        return {}
    return inputs.of_training(Path(plan.data), plan.task)


def _marks(plan: Plan, series: Iterable[str]) -> tuple[str, ...]:
    """Of all that was learnt from, the parent's series included: what it knows, the child knows."""
    own = {mark(uid) for uid in series}
    inherited = read_card(Path(plan.parent)).trained_series if plan.parent else ()
    return tuple(sorted(own.union(inherited)))


def cost(plan: Plan, seconds: float = COST_SECONDS) -> dict[str, float]:
    """Train for some seconds and throw the result away: steps and examples a second, and how long
    the whole training would take at that pace, reading the data and validating apart."""
    step, count, steps = _stepper(plan)
    step(0)  # the first compiles
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        done += 1
        step(done)
    pace = done / (time.perf_counter() - began)
    members = plan.task.members if plan.preset == CLASSIFIER else 1
    side_by_side = min(members, os.cpu_count() or 1)
    rounds = math.ceil(members / side_by_side)
    return {
        "steps_per_second": pace,
        "examples_per_second": pace * count,
        "steps": float(steps * members),
        "seconds": steps * rounds / pace,
    }


def _stepper(plan: Plan) -> tuple[Callable[[int], object], int, int]:
    """A function that makes one step, the examples that it learns from, and steps in all."""
    import numpy as np

    data = Path(plan.data)
    if plan.preset == DETECTOR:
        from lungcore.learning import detector_training
        from lungcore.learning.detector_batches import make_batch

        detector = detector_training.compiled(plan)

        def detect(number: int) -> object:
            # Not the large patches, of which one step in six is made.
            batch = make_batch(data, plan.task, [], plan.recipe.seed, 6 * number + 1)
            return detector.train_on_batch(*batch)

        return detect, plan.task.patches[0][0], plan.recipe.steps
    if plan.preset == CLASSIFIER:
        from lungcore.learning import classifier_training as training
        from lungcore.learning.slabs import draw_batch

        model = training._member(plan, 0)[1]
        learnt, _ = training.sources(data, plan.task, plan.task.left_out(0))

        def classify(number: int) -> object:
            rng = np.random.default_rng((plan.recipe.seed, number))
            sample = draw_batch(learnt, training.BATCH, plan.task, rng)
            return model.train_on_batch(*training._as_batch(sample))

        return classify, training.BATCH, plan.recipe.steps
    from lungcore.learning import seed_cnn

    images, labels = seed_cnn.read_pairs(Path(plan.images), Path(plan.labels))
    network = seed_cnn.compiled(plan.recipe)
    some = slice(0, seed_cnn.BATCH)
    learnt_of = round(len(images) * (1 - seed_cnn.VALIDATION_SHARE))
    steps = max(1, round(plan.recipe.epochs * math.ceil(learnt_of / seed_cnn.BATCH)))
    return (
        lambda _: network.train_on_batch(images[some], labels[some, None]),
        seed_cnn.BATCH,
        steps,
    )


def main(folder: Path, *, measure: bool) -> int:
    """Run the plan in `folder`; the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        plan = plans.read(folder)
        if measure:
            (folder / "cost.json").write_text(json.dumps(cost(plan)), encoding="utf-8")
            return DONE
        return DONE if make(plan, folder) else STOPPED
    except LungcoreError as error:
        children.tell(folder, error)
        return FAILED


if __name__ == "__main__":
    children.end_with_pipe()
    sys.exit(main(Path(sys.argv[1]), measure="--cost" in sys.argv))
