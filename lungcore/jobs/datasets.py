"""Dataset versions as commands, pages and trainings work with them."""

import csv
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.findings.consensus import vote
from lungcore.findings.dataset import SPLITS, Entry, Manifest, Rules, Split
from lungcore.findings.leaks import Ancestor
from lungcore.learning import weights
from lungcore.learning.tasks import Task
from lungcore.records import audit, database, datasets, models, studies
from lungcore.records.datasets import Draft
from lungcore.records.identity import actor_name
from lungcore.records.masks import MaskStore
from lungcore.records.models import ModelRecord
from lungcore.settings import Settings

if TYPE_CHECKING:
    from lungcore.jobs.label_writers import Labelled


def ancestors(session: Session, folder: Path) -> list[Ancestor]:
    """What trainings begin with, and are compared with: the models on record and those that ship.

    folder: of those that ship, which are put on record when a worker starts. One whose card cannot
    be read is none: it does not run either.
    """
    found = {one.name: ancestor(one) for one in models.list_models(session)}
    for kind in weights.MODELS:
        try:
            card = weights.read_card(folder / kind)
        except LungcoreError:
            continue
        known = partial(_is_marked, frozenset(card.trained_series))
        found.setdefault(card.name, Ancestor(f"{kind} {card.name}", known))
    return list(found.values())


def ancestor(model: ModelRecord) -> Ancestor:
    """A model on record, by what its card says it has learnt from."""
    marks = frozenset(model.card.get("trained_series", ()))
    return Ancestor(f"{model.kind} {model.name}", partial(_is_marked, marks))


def check_unseen(session: Session, dataset_id: str, *known: ModelRecord) -> None:
    """Raise LungcoreError where one of the models has learnt from a patient of the test split.

    The version was free of leaks when it was frozen; models may have been made since.
    """
    manifest = datasets.find(session, dataset_id)
    for leak in datasets.learnt_since(session, manifest, map(ancestor, known)):
        raise leak


def draft(
    engine: Engine,
    settings: Settings,
    rules: Rules,
    splits: dict[str, Split] | None = None,
    shown_to: int | None = None,
) -> Draft:
    """What the rules make of the labels that there are now, and what leaks; nothing is kept.

    splits: of each series, where the rules have no shares. shown_to: the account that looks, None
    for the command line. Raises LungcoreError when nothing is left.
    """
    with database.snapshot(engine) as session:
        known = ancestors(session, settings.models)
        return datasets.draft(session, rules, known, splits, shown_to)


def read_splits(path: Path) -> dict[str, Split]:
    """The splits of a CSV file with the columns seriesuid and split.

    Raises LungcoreError naming the column or the line that cannot be.
    """
    known: dict[str, Split] = {split: split for split in SPLITS}
    found: dict[str, Split] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.DictReader(file)
        missing = {"seriesuid", "split"} - set(rows.fieldnames or ())
        if missing:
            columns = ", ".join(sorted(missing))
            raise LungcoreError("formats.csv_columns", path=path, columns=columns)
        for row in rows:
            series_uid, split = (row["seriesuid"] or "").strip(), (row["split"] or "").strip()
            if split not in known or found.get(series_uid, split) != split:
                told = {"path": path, "line": rows.line_num, "split": split}
                raise LungcoreError("datasets.split_wrong", **told, splits=", ".join(SPLITS))
            found[series_uid] = known[split]
    return found


def export(
    settings: Settings,
    dataset_id: str,
    format_name: str,
    out: Path,
    *,
    account_id: int | None = None,
) -> list[Path]:
    """Write the labels of a version as they were frozen; returns what was written.

    format_name: one of `label_writers.FORMATS`. Raises LungcoreError when there is no such version,
    or what it names is no longer what it was.
    """
    from lungcore.jobs.label_writers import write_all  # the web does without what writes files

    engine = database.connect(settings.database_url)
    try:
        with database.snapshot(engine) as session:
            manifest = datasets.find(session, dataset_id)
        found = labelled(engine, settings, manifest)
        written = write_all(found, format_name, out, settings)
        with database.transaction(engine) as session:
            audit.append(
                session,
                actor=actor_name(session, account_id),
                action="dataset.exported",
                subject=dataset_id,
                detail={"format": format_name},
            )
    finally:
        engine.dispose()
    return written


def lay_out(settings: Settings, dataset_id: str, task: Task, out: Path) -> None:
    """Write what a version has to learn from as `learning.scans` reads it, once; no test.

    Raises LungcoreError when there is no such version or what it names is not what it was.
    """
    from lungcore.jobs.label_writers import write_training
    from lungcore.learning.scans import INDEX

    if (out / INDEX).is_file():
        return
    shutil.rmtree(out, ignore_errors=True)
    engine = database.connect(settings.database_url)
    try:
        with database.snapshot(engine) as session:
            manifest = datasets.find(session, dataset_id)
        found = labelled(engine, settings, manifest, ("train", "validation"))
        write_training(found, out, settings, task.folds)
    finally:
        engine.dispose()


def labelled(
    engine: Engine, settings: Settings, manifest: Manifest, splits: Sequence[Split] = SPLITS
) -> Iterator["Labelled"]:
    """Each series of these splits with its labels as they were frozen, one at a time.

    Raises LungcoreError when what it names is not what it was.
    """
    masks = MaskStore(settings.storage)
    for entry in manifest.entries:
        if entry.split in splits:
            with database.snapshot(engine) as session:
                one = _one(session, entry, manifest.rules, masks)
            yield one  # who takes it may work for minutes: no snapshot stays open


def _is_marked(marks: frozenset[str], series_uid: str) -> bool:
    return weights.mark(series_uid) in marks


def _one(session: Session, entry: Entry, rules: Rules, masks: MaskStore) -> "Labelled":
    from lungcore.jobs.label_writers import Labelled

    series = studies.series(session, entry.series_uid)
    sets = datasets.labels_of(session, entry, masks)
    if rules.consensus == "vote":
        sets = [vote(sets, series.grid)]
    instances = studies.instances(session, entry.series_uid)
    return Labelled(series, instances, sets, entry.split, entry.patient)
