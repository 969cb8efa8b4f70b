"""Dataset versions as commands and pages work with them: drafted, frozen, exported."""

import csv
from collections.abc import Iterator
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
from lungcore.records import audit, database, datasets, studies
from lungcore.records.datasets import Draft
from lungcore.records.identity import actor_name
from lungcore.records.masks import MaskStore
from lungcore.settings import Settings

if TYPE_CHECKING:
    from lungcore.jobs.label_writers import Labelled


def ancestors(models: Path) -> list[Ancestor]:
    """The models in a folder: what trainings begin with, and are compared with.

    A model whose card cannot be read is none: it does not run either.
    """
    found = []
    for name in weights.MODELS:
        try:
            card = weights.read_card(models / name)
        except LungcoreError:
            continue
        marks = frozenset(card.trained_series)
        found.append(Ancestor(f"{name} {card.version}", partial(_is_marked, marks)))
    return found


def draft(
    engine: Engine, settings: Settings, rules: Rules, splits: dict[str, Split] | None = None
) -> Draft:
    """What the rules make of the labels that there are now, and what leaks; nothing is kept.

    splits: of each series, where the rules have no shares. Raises LungcoreError when nothing is
    left.
    """
    with database.snapshot(engine) as session:
        return datasets.draft(session, rules, ancestors(settings.models), splits)


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
        written = write_all(_labelled(engine, settings, manifest), format_name, out, settings)
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


def _is_marked(marks: frozenset[str], series_uid: str) -> bool:
    return weights.mark(series_uid) in marks


def _labelled(engine: Engine, settings: Settings, manifest: Manifest) -> Iterator["Labelled"]:
    masks = MaskStore(settings.storage)
    for entry in manifest.entries:
        with database.snapshot(engine) as session:
            yield _one(session, entry, manifest.rules, masks)


def _one(session: Session, entry: Entry, rules: Rules, masks: MaskStore) -> "Labelled":
    from lungcore.jobs.label_writers import Labelled

    series = studies.series(session, entry.series_uid)
    sets = datasets.labels_of(session, entry, masks)
    if rules.consensus == "vote":
        sets = [vote(sets, series.grid)]
    instances = studies.instances(session, entry.series_uid)
    return Labelled(series, instances, sets, entry.split, entry.patient)
