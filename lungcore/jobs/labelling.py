"""Labels in: a file is read, kept as it is, and placed on its series as layers.

Labels of a series that is not here yet wait: its import places them. Every step can be done again
without harm.
"""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.findings.labels import DrawnSet, Grid
from lungcore.findings.placing import place
from lungcore.jobs import label_reading
from lungcore.jobs.leftovers import temporary_folder
from lungcore.records import database, label_files, label_layers, studies
from lungcore.records.label_files import LabelFile
from lungcore.records.masks import MaskStore
from lungcore.records.originals import OriginalStore
from lungcore.records.series import SeriesHeader
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
    found = label_reading.read(path, path.name, series_uid)
    by_series: dict[str, list[DrawnSet]] = {}
    for labels in found.sets:
        by_series.setdefault(labels.series_uid, []).append(labels)
    engine = database.connect(settings.database_url)
    try:
        with temporary_folder(settings.storage):
            sha256 = OriginalStore(settings.storage).add(path, move=False)
            file = LabelFile(sha256=sha256, file_name=path.name, format=found.format)
            with database.transaction(engine) as session:
                is_new = label_files.keep_file(session, file, account_id)
                masks = MaskStore(settings.storage)
                series = [
                    _store(session, file, uid, sets, masks)
                    for uid, sets in sorted(by_series.items())
                ]
                if is_new:
                    label_files.tell_audit(session, sha256)
    finally:
        engine.dispose()
    return LabelResult(file, is_new, tuple(series))


def place_waiting(engine: Engine, storage: Path, series_uid: str, temporary: Path) -> None:
    """Place on a series, now stored, the labels that waited for it.

    temporary: a folder to work in. A file that cannot be placed goes on waiting, and the log says
    why: the images are imported all the same.
    """
    with database.snapshot(engine) as session:
        waiting = label_files.waiting(session, series_uid)
    for file in waiting:
        # By its own name, as some formats are known by it.
        path = temporary / Path(file.file_name).name
        path.symlink_to(OriginalStore(storage).path(file.sha256).absolute())
        try:
            found = label_reading.read(path, file.file_name, series_uid)
            sets = [labels for labels in found.sets if labels.series_uid == series_uid]
            with database.transaction(engine) as session:
                _store(session, file, series_uid, sets, MaskStore(storage))
        except LungcoreError as error:
            log.warning("labels of %s not placed on %s: %s", file.file_name, series_uid, error)
        finally:
            path.unlink()


def grid_of(series: SeriesHeader) -> Grid:
    """The voxels of a stored series."""
    affine = np.array(series.affine, float).reshape(4, 4)
    return Grid((series.slices, series.rows, series.columns), affine)


def _store(
    session: Session, file: LabelFile, uid: str, sets: Sequence[DrawnSet], masks: MaskStore
) -> SeriesLabels:
    series = _stored_series(session, uid)
    if series is None:
        label_files.wait(session, file.sha256, uid)
        readers = [_result(labels, ()) for labels in sets]
        return SeriesLabels(uid, False, tuple(readers))
    placed = [place(labels, grid_of(series)) for labels in sets]
    if all(not one.labels.marks for one in placed) and any(one.outside for one in placed):
        raise LungcoreError("labels.all_outside", path=file.file_name, series_uid=uid)
    label_layers.add(session, file.sha256, uid, placed, masks)
    readers = [_result(labels, one.outside) for labels, one in zip(sets, placed, strict=True)]
    return SeriesLabels(uid, True, tuple(readers))


def _stored_series(session: Session, uid: str) -> SeriesHeader | None:
    """The series, unless it is not here or has no volume."""
    try:
        series = studies.series(session, uid)
    except LungcoreError:
        return None
    return None if series.verdict == "refuse" else series


def _result(labels: DrawnSet, outside: tuple[str, ...]) -> ReaderResult:
    return ReaderResult(labels.reader, Counter(mark.kind for mark in labels.marks), outside)
