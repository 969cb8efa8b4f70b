"""What is stored of a series already, when more of it comes."""

from collections.abc import Collection, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from lungcore.dicom.read import read_header
from lungcore.errors import LungcoreError
from lungcore.jobs.gathering import FileProblem, Kept
from lungcore.records import database, studies
from lungcore.records.originals import OriginalStore
from lungcore.records.studies import InstanceRecord, SeriesRecord


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored series and its files."""

    series: SeriesRecord
    instances: tuple[InstanceRecord, ...]


def find_stored(engine: Engine, series_uid: str) -> Stored | None:
    """The stored series of that UID, if there is one."""
    with database.snapshot(engine) as session:
        try:
            series = studies.series(session, series_uid)
        except LungcoreError:
            return None
        return Stored(series, tuple(studies.instances(session, series_uid)))


def without_known(
    files: Sequence[Kept], before: Stored | None
) -> tuple[list[Kept], list[FileProblem]]:
    """The files that are new, each once; those that are copies or would change a stored image."""
    stored = before.instances if before else ()
    known = {instance.sop_uid: instance.sha256 for instance in stored}
    fresh: dict[str, list[Kept]] = {}
    problems = []
    for file in files:
        sop_uid, name = file.header.sop_uid, file.header.file_name
        same_image = fresh.setdefault(sop_uid, [])
        # Only here is the hash asked for, which may have to be waited for.
        copies = [other for other in same_image if other.sha256 == file.sha256]
        if copies:
            values = {"file": name, "other": copies[0].header.file_name}
            problems.append(FileProblem(name, "importing.copy", values))
        elif sop_uid not in known:
            same_image.append(file)
        elif known[sop_uid] != file.sha256:
            problems.append(FileProblem(name, "importing.image_differs", {"file": name}))
    return [file for same in fresh.values() for file in same], problems


def without_damaged(before: Stored | None, damaged: Collection[str]) -> Stored | None:
    """What is stored, without the images of these SOP Instance UIDs."""
    if before is None:
        return None
    sound = [instance for instance in before.instances if instance.sop_uid not in damaged]
    return replace(before, instances=tuple(sound))


def stored_files(before: Stored | None, originals: OriginalStore) -> list[Kept]:
    """The stored files of a series, read again. Raises FileError naming one that is damaged."""
    kept = []
    for instance in before.instances if before else ():
        header = read_header(originals.path(instance.sha256), instance.file_name)
        if header is not None:
            kept.append(Kept(header, _done(instance.sha256)))
    return kept


def _done(sha256: str) -> Future[str]:
    future: Future[str] = Future()
    future.set_result(sha256)
    return future
