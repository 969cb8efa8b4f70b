"""The presets that train from a data folder into a folder of weights, their task and their card.

Keras is loaded when the training starts, not with this module. Called again with the same folder,
an interrupted training goes on where it was.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lungcore.learning.tasks import Preset, Task
from lungcore.learning.weights import Card, mark, write_card

# Of the candidates, which are reported: from what probability, and how many of a series at most.
DETECTOR_SETTINGS = {"least_probability": 0.3, "most_reported": 20.0}


def train_detector(task: Task, data: Path, out: Path, steps: int, seed: int) -> None:
    """Train the detector; LungcoreError when the data is not there."""
    from lungcore.learning import detector_training, examples
    from lungcore.learning.export import export

    model = detector_training.train(task, data, out, steps, seed)
    card = _card("detector", task.detector, export(model, task, out), seed, DETECTOR_SETTINGS)
    write_card(out, replace(card, trained_series=_marks(examples.detector_series(data, task))))


def train_classifier(task: Task, data: Path, out: Path, steps: int, seed: int) -> None:
    """Train and calibrate the classifier; LungcoreError when the data is not there."""
    from lungcore.learning import classifier_training, examples, out_of_fold
    from lungcore.learning.export import export

    model = classifier_training.train(task, data, out, steps, seed)
    digests = export(model, task, out)
    card = _card("classifier", task.classifier, digests, seed, out_of_fold.unfitted())
    series = {one.series_uid for one in examples.rated(data, task)}
    card = replace(card, trained_series=_marks(sorted(series)))
    write_card(out, card)  # the members run by it when they are calibrated
    judged = out_of_fold.judge(task, data, out)
    write_card(out, replace(card, settings=out_of_fold.fit(judged)))


def _card(
    model: str, preset: Preset, sha256: dict[str, str], seed: int, settings: dict[str, float]
) -> Card:
    return Card(
        task=model,
        version=preset.version,
        created=datetime.now(UTC).date().isoformat(),
        trained_on=preset.trained_on,
        split=preset.split,
        limits=preset.limits,
        seed=seed,
        settings=settings,
        figures={},
        sha256=sha256,
    )


def _marks(series: list[str]) -> tuple[str, ...]:
    return tuple(mark(uid) for uid in series)
