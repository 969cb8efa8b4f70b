"""What is stored of a series already, when more of it comes."""

from collections.abc import Sequence
from dataclasses import dataclass

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
    """The files that are new, each once, and those that would change a stored image."""
    stored = before.instances if before else ()
    contents = {(instance.sop_uid, instance.sha256) for instance in stored}
    sop_uids = {instance.sop_uid for instance in stored}
    fresh, problems = [], []
    for file in files:
        identity = (file.header.sop_uid, file.sha256)
        if identity in contents:
            continue
        contents.add(identity)
        if file.header.sop_uid in sop_uids:
            name = file.header.file_name
            problems.append(FileProblem(name, "importing.image_differs", {"file": name}))
        else:
            fresh.append(file)
    return fresh, problems


def stored_files(before: Stored | None, originals: OriginalStore) -> list[Kept]:
    """The stored files of a series, read again. Raises FileError naming one that is damaged."""
    kept = []
    for instance in before.instances if before else ():
        header = read_header(originals.path(instance.sha256), instance.file_name)
        if header is not None:
            kept.append(Kept(header, instance.sha256))
    return kept
