"""Import: from files, folders and zips to stored series, each with its verdict.

Each series is stored in one transaction, after its volume was written beside its place and its
original files were kept. A crash leaves at most files that no record names, see `leftovers`.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from lungcore.dicom.write import SeriesText, write_series
from lungcore.errors import LungcoreError
from lungcore.imaging.phantom import thorax
from lungcore.jobs.gathering import DISK_FULL, FileProblem, Gatherer, Kept
from lungcore.jobs.labelling import place_waiting
from lungcore.jobs.leftovers import temporary_folder
from lungcore.jobs.results import SeriesResult
from lungcore.jobs.storing import SeriesStore
from lungcore.records import database
from lungcore.records.originals import OriginalStore
from lungcore.records.pixels import PixelStore
from lungcore.settings import Settings

READING_SHARE = 0.5  # of the progress
PHANTOM_ID = "PHANTOM"

Progress = Callable[[str, float], None]
Stop = Callable[[], bool]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every series, and of every file that was not used."""

    series: tuple[SeriesResult, ...]
    files: tuple[FileProblem, ...]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it."""
        return asdict(self)


class _StoppedError(Exception):
    """The caller wants no more."""


def import_paths(
    paths: Sequence[Path],
    settings: Settings,
    *,
    move: bool = False,
    names: Mapping[Path, str] | None = None,
    progress: Progress = lambda step, fraction: None,
    stop: Stop = lambda: False,
) -> ImportReport:
    """Import files, folders and zips; what cannot be used is told in the report.

    move: the files are ours to take away.
    names: what to call each file of `paths` in the report.
    progress: called with a catalogue key and the share done, 0 to 1.
    stop: asked between files and between slabs of slices; once true, the report tells of what was
        stored until then.

    Raises LungcoreError when a path is not there or the disk is full.
    """
    files = [found for path in paths for found in _files(path, names or {})]
    engine = database.connect(settings.database_url)
    try:
        with temporary_folder(settings.storage) as temporary:
            job = _Import(engine, settings.storage, progress, stop)
            report = job.run(files, temporary, move=move)
            for series in report.series:
                if series.new and series.verdict != "refuse":
                    place_waiting(engine, settings.storage, series.series_uid, temporary)
            return report
    finally:
        engine.dispose()


def import_phantom(
    settings: Settings,
    *,
    seed: int = 0,
    slices: int = 140,
    progress: Progress = lambda step, fraction: None,
    stop: Stop = lambda: False,
) -> ImportReport:
    """Make a thorax phantom, write it as DICOM and import it like any other series."""
    progress("importing.step_phantom", 0)
    phantom = thorax(seed=seed, slices=slices)
    text = SeriesText(
        uid_seed=f"lungcore phantom {seed} {slices}",
        patient_id=PHANTOM_ID,
        patient_name="PHANTOM^Thorax",
        study_description="PHANTOM, made by a program",
        series_description="PHANTOM thorax 2 mm",
        study_date="20260101",
        study_time="120000",
        phantom=True,
    )
    with temporary_folder(settings.storage) as folder:
        progress("importing.step_phantom", 0.5)
        paths = write_series(phantom.volume, folder, text)
        return import_paths(paths, settings, move=True, progress=progress, stop=stop)


class _Import:
    """One run of `import_paths`."""

    def __init__(self, engine: Engine, storage: Path, progress: Progress, stop: Stop) -> None:
        self._engine = engine
        self._originals = OriginalStore(storage)
        self._pixels = PixelStore(storage)
        self._progress = progress
        self._stop = stop
        self._results: list[SeriesResult] = []
        self._problems: list[FileProblem] = []

    def run(
        self, files: Sequence[tuple[Path, str]], temporary: Path, *, move: bool
    ) -> ImportReport:
        pool = ThreadPoolExecutor(1)
        try:
            self._store(self._gather(files, Gatherer(self._originals, temporary, pool), move=move))
        except _StoppedError:
            log.info("import stopped after %d series", len(self._results))
        except OSError as error:
            if error.errno not in DISK_FULL:
                raise
            raise LungcoreError("importing.disk_full") from error
        finally:
            pool.shutdown(cancel_futures=True)
        return ImportReport(tuple(self._results), tuple(self._problems))

    def _gather(
        self, files: Sequence[tuple[Path, str]], gatherer: Gatherer, *, move: bool
    ) -> list[Kept]:
        total = sum(path.stat().st_size for path, _ in files)
        advance = self._advance("importing.step_reading", 0, READING_SHARE, total)
        try:
            for path, name in files:
                gatherer.gather(path, name, advance, move=move)
            gatherer.finish()
        finally:
            self._problems += gatherer.problems
        return gatherer.kept

    def _store(self, kept: Sequence[Kept]) -> None:
        by_series: dict[str, list[Kept]] = {}
        for file in kept:
            by_series.setdefault(file.header.series_uid, []).append(file)
        total = sum(len(file.header.frames) for file in kept)
        advance = self._advance("importing.step_storing", READING_SHARE, 1, total)
        store = SeriesStore(self._engine, self._originals, self._pixels, advance)
        for files in by_series.values():
            try:
                self._results.append(store.store(files))
            finally:
                self._problems += store.take_problems()
        self._progress("importing.step_storing", 1)

    def _advance(self, step: str, start: float, end: float, total: int) -> Callable[[int], None]:
        """A function that counts what is done of `total`, tells so, and stops when asked to."""
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            self._progress(step, start + (end - start) * min(1.0, done / max(1, total)))
            if self._stop():
                raise _StoppedError

        return advance


def _files(path: Path, names: Mapping[Path, str]) -> Iterator[tuple[Path, str]]:
    """The file at `path`, or those in the folder and below it, with the name of each."""
    if path.is_file():
        yield path, names.get(path, path.name)
    elif path.is_dir():
        for folder, _, files in os.walk(path):
            for name in sorted(files):
                file = Path(folder, name)
                if file.is_file():
                    yield file, names.get(file, file.relative_to(path).as_posix())
    else:
        raise LungcoreError("importing.path_absent", path=str(path))
