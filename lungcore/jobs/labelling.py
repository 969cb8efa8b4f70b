"""Labels in: a file is read, kept as it is, and placed on its series as layers.

Labels of a series that is not here yet wait: its import places them. Every step can be done again
without harm.
"""

import logging
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from lungcore.errors import LungcoreError
from lungcore.findings.labels import DrawnSet
from lungcore.findings.placing import Placed
from lungcore.jobs import label_reading
from lungcore.jobs.leftovers import temporary_folder
from lungcore.records import database, label_files, label_layers
from lungcore.records.label_files import LabelFile
from lungcore.records.label_layers import are_outside
from lungcore.records.masks import MaskStore
from lungcore.records.originals import OriginalStore
from lungcore.settings import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReaderResult:
    """What a file has of one reader: how many marks of each kind, and which lie outside."""

    reader: str
    marks: Mapping[str, int]
    outside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeriesLabels:
    """What became of a file's labels of one series; not stored: they wait for it."""

    series_uid: str
    stored: bool
    readers: tuple[ReaderResult, ...]


@dataclass(frozen=True, slots=True)
class LabelResult:
    """What became of one file. new: its content was not imported before."""

    file: LabelFile
    new: bool
    series: tuple[SeriesLabels, ...]


def import_labels(
    path: Path, settings: Settings, *, series_uid: str = "", account_id: int | None = None
) -> LabelResult:
    """Import one file, whole or not at all.

    series_uid: of the series, for a mask whose name does not say.
    Raises LungcoreError when the file is no labels, or none of its marks lies in its series.
    """
    read = label_reading.read(path, path.name, series_uid)
    by_series: dict[str, list[DrawnSet]] = {}
    for labels in read.sets:
        by_series.setdefault(labels.series_uid, []).append(labels)
    engine = database.connect(settings.database_url)
    try:
        with temporary_folder(settings.storage):
            sha256 = OriginalStore(settings.storage).add(path, move=False)
            file = LabelFile(sha256=sha256, file_name=path.name, format=read.format)
            with database.transaction(engine) as session:
                is_new = label_files.keep_file(session, file, account_id)
                masks = MaskStore(settings.storage)
                placed = {
                    uid: label_layers.add(session, file, uid, sets, masks)
                    for uid, sets in sorted(by_series.items())
                }
                if all(found is not None and are_outside(found) for found in placed.values()):
                    uids = ", ".join(placed)
                    raise LungcoreError("labels.all_outside", path=path.name, series_uid=uids)
                if is_new:
                    label_files.tell_audit(session, sha256)
    finally:
        engine.dispose()
    series = (_series_labels(uid, by_series[uid], found) for uid, found in placed.items())
    return LabelResult(file, is_new, tuple(series))


def place_waiting(engine: Engine, storage: Path, series_uid: str, temporary: Path) -> None:
    """Place on a series, now stored, the labels that waited for it.

    temporary: a folder to work in. A file that cannot be placed goes on waiting, and the log says
    why: the images are imported all the same.
    """
    with database.snapshot(engine) as session:
        waiting = label_files.waiting(session, series_uid)
    for file in waiting:
        try:
            with tempfile.TemporaryDirectory(dir=temporary) as folder:
                _place(engine, storage, series_uid, file, Path(folder))
        except (LungcoreError, OSError) as error:
            log.warning("labels of %s not placed on %s: %s", file.file_name, series_uid, error)


def _place(engine: Engine, storage: Path, series_uid: str, file: LabelFile, folder: Path) -> None:
    # By its own name, as some formats are known by it.
    path = folder / Path(file.file_name).name
    path.symlink_to(OriginalStore(storage).path(file.sha256).absolute())
    read = label_reading.read(path, file.file_name, series_uid)
    sets = [labels for labels in read.sets if labels.series_uid == series_uid]
    with database.transaction(engine) as session:
        label_layers.add(session, file, series_uid, sets, MaskStore(storage))


def _series_labels(
    uid: str, sets: Sequence[DrawnSet], placed: Sequence[Placed] | None
) -> SeriesLabels:
    outside = [one.outside for one in placed] if placed is not None else [()] * len(sets)
    readers = (
        ReaderResult(labels.reader, Counter(mark.kind for mark in labels.marks), names)
        for labels, names in zip(sets, outside, strict=True)
    )
    return SeriesLabels(uid, placed is not None, tuple(readers))
