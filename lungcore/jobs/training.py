"""Trainings: from a plan to a registered candidate, in a process of their own, resumable.

What a training has so far lies in `HOME/trainings/ID`. A killed worker's successor starts the step
again, and the training goes on from its last checkpoint.
"""

import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from lungcore import __version__
from lungcore.errors import LungcoreError
from lungcore.jobs import children, datasets, models
from lungcore.jobs.failures import JobFailedError, told
from lungcore.learning import curves, plans
from lungcore.learning.plans import Plan
from lungcore.records import database, trainings
from lungcore.records import datasets as versions
from lungcore.records import models as registry
from lungcore.settings import Settings

CHILD = "lungcore.learning.train"
KEPT = ("curve.jsonl", "examples.png", "plan.json")

log = logging.getLogger(__name__)

Progress = Callable[[str, float], None]
Stop = Callable[[], bool]


def folder(settings: Settings, training_id: str) -> Path:
    """Where a training works."""
    return settings.home / "trainings" / training_id


def prepared(settings: Settings, plan: Plan, training_id: str) -> Plan:
    """The plan as it can run here: parent, version and code filled in, checked.

    Raises LungcoreError when dataset, parent or data folder is not there.
    """
    plan = replace(plan, code=__version__, version=plan.version or _version(plan, training_id))
    if plan.parent_name:
        parent = models.named(settings, plan.parent_name)
        if (parent.kind, parent.task) != (plan.preset, plan.task.name):
            raise LungcoreError("learning.parent_differs")
        plan = replace(plan, parent=str(models.parent(settings, plan.parent_name)))
    elif plan.recipe.thaw is not None:
        raise LungcoreError("models.thaw_needs_parent")
    if plan.dataset:
        _check_dataset(settings, plan)
        laid_out = folder(settings, training_id) / "data"
        return replace(plan, task=replace(plan.task, data="scans"), data=str(laid_out))
    needed = (plan.images, plan.labels) if plan.preset == plans.SEED_CNN else (plan.data,)
    for path in needed:
        if not path or not Path(path).exists():
            raise LungcoreError("learning.data_absent", path=path or "-")
    return plan


def _check_dataset(settings: Settings, plan: Plan) -> None:
    """Raise LungcoreError for a version without cases, or a parent that knows its test patients."""
    engine = database.connect(settings.database_url)
    try:
        with database.snapshot(engine) as session:
            splits = {entry.split for entry in versions.find(session, plan.dataset).entries}
            for split in ("train", "validation"):
                if split not in splits:
                    raise LungcoreError(f"models.no_{split}_cases", dataset=plan.dataset)
            if plan.parent_name:
                parent = registry.find(session, plan.parent_name)
                datasets.check_unseen(session, plan.dataset, parent)
    finally:
        engine.dispose()


def _version(plan: Plan, training_id: str) -> str:
    told = plan.task.classifier if plan.preset == plans.CLASSIFIER else plan.task.detector
    base = "0.0.0" if plan.preset == plans.SEED_CNN else told.version
    return f"{base}-{training_id[:8]}"


def run(
    settings: Settings, training_id: str, job_id: str, *, progress: Progress, stop: Stop
) -> bool:
    """Train, or go on with it; False when it was paused or cancelled on the way.

    Raises JobFailedError with the reason that is also on record.
    """
    engine = database.connect(settings.database_url)
    try:
        with told(settings.home):
            with database.snapshot(engine) as session:
                record = trainings.find(session, training_id)
            if record.job_id != job_id or record.state != "running":
                return False
            place, plan = folder(settings, training_id), plans.of_json(record.plan)
            progress("models.step_data", 0.0)
            _lay_out(settings, plan)
            plans.write(place, plan)
            if (place / "weights").is_dir():
                return True
            progress("models.step_training", 0.0)

            def watch() -> None:
                progress("models.step_training", share_done(place, plan))

            if children.run(CHILD, place, stop=stop, watch=watch):
                return True
            with database.snapshot(engine) as session:
                is_cancelled = trainings.find(session, training_id).state == "cancelled"
            if is_cancelled:
                tidy(settings, training_id)
            return False
    except JobFailedError as failure:
        with database.transaction(engine) as session:
            trainings.fail(session, training_id, job_id, failure.reason)
        raise
    finally:
        engine.dispose()


def conclude(settings: Settings, training_id: str, job_id: str, progress: Progress) -> str:
    """Register what came of a training, try it on the phantom; returns its name.

    Doing it again does no harm. Raises JobFailedError as `run` does.
    """
    from lungcore.jobs import probing  # loads the networks' library, which the web does without

    engine = database.connect(settings.database_url)
    try:
        with told(settings.home):
            with database.snapshot(engine) as session:
                record = trainings.find(session, training_id)
            if record.state == "done":
                tidy(settings, training_id)
                return record.model
            if record.job_id != job_id or record.state != "running":
                return ""
            place = folder(settings, training_id)
            name = models.register(settings, place / "weights", "trained", record.account_id)
            progress("models.step_probe", 1.0)
            probing.probe(settings, engine, name, record.account_id)
            with database.transaction(engine) as session:
                has_ended = trainings.finish(session, training_id, job_id, name)
            if has_ended:  # not paused meanwhile: who resumes it needs the weights
                tidy(settings, training_id)
            return name
    except JobFailedError as failure:
        with database.transaction(engine) as session:
            trainings.fail(session, training_id, job_id, failure.reason)
        raise
    finally:
        engine.dispose()


def cost(settings: Settings, training_id: str, progress: Progress) -> dict[str, float]:
    """What a plan would cost, measured for five seconds. Its folder is removed afterwards."""
    place = folder(settings, training_id)
    try:
        plan = plans.read(place)
        progress("models.step_data", 0.0)
        _lay_out(settings, plan)
        progress("models.step_cost", 0.5)
        children.run(CHILD, place, "--cost")
        found: dict[str, float] = json.loads((place / "cost.json").read_text(encoding="utf-8"))
        return found
    finally:
        shutil.rmtree(place, ignore_errors=True)


def train_here(settings: Settings, plan: Plan, place: Path | None = None) -> str:
    """Train on a dataset version in this process and register the candidate; returns its name.

    place: where to work, so that the same command goes on where it stopped. Raises LungcoreError
    when another training lies there.
    """
    from lungcore.jobs import probing
    from lungcore.learning import train

    database.migrate(settings.database_url)
    place = place or folder(settings, f"{plan.dataset}-{plan.preset}")
    plan = prepared(settings, plan, place.name)
    data = place / "data"
    plan = replace(plan, data=str(data))
    if (place / plans.FILE).is_file() and plans.read(place) != plan:
        raise LungcoreError("models.other_training", path=place)
    datasets.lay_out(settings, plan.dataset, plan.task, data)
    plans.write(place, plan)
    train.make(plan, place)
    name = models.register(settings, place / "weights", "trained")
    engine = database.connect(settings.database_url)
    try:
        models.adopt_house(settings)
        probing.probe(settings, engine, name, None)
    finally:
        engine.dispose()
    return name


def curve(settings: Settings, training_id: str) -> list[dict[str, Any]]:
    """The lines of a training's curve; of the classifier with the number of their `member`."""
    place = folder(settings, training_id)
    lines = curves.read(place)
    for part in sorted(place.glob("member*")):
        number = int(part.name.removeprefix("member"))
        lines += [{**line, "member": number} for line in curves.read(part)]
    return lines


def examples(settings: Settings, training_id: str) -> bytes | None:
    """The picture of the last validation, or None before the first."""
    place = folder(settings, training_id)
    for path in (place / "examples.png", *sorted(place.glob("member*/examples.png"))):
        if path.is_file():
            return path.read_bytes()
    return None


def share_done(place: Path, plan: Plan) -> float:
    """The share of the steps done, over all members."""
    parts = sorted(place.glob("member*")) or [place]
    members = plan.task.members if plan.preset == plans.CLASSIFIER else 1
    last = [lines[-1]["step"] for part in parts if (lines := curves.read(part))]
    return min(1.0, sum(last) / (members * plan.recipe.steps)) if plan.recipe.epoch_steps else 0.0


def tidy(settings: Settings, training_id: str) -> None:
    """Remove what a training that has ended needs no more; its curve and picture stay."""
    place = folder(settings, training_id)
    for path in place.glob("*"):
        if path.name in KEPT or path.name.startswith("member"):
            shutil.rmtree(path / "state", ignore_errors=True)
        elif path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _lay_out(settings: Settings, plan: Plan) -> None:
    if plan.dataset:
        datasets.lay_out(settings, plan.dataset, plan.task, Path(plan.data))


def models_of(engine: Engine) -> list[registry.ModelRecord]:
    """All registered models."""
    with database.snapshot(engine) as session:
        return registry.list_models(session)
