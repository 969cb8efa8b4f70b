"""Studies: their series, the files of these, and the worklist."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, exists, select, update
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.records.searching import searchable
from lungcore.records.series import (
    InstanceRecord,
    NewInstance,
    NewSeries,
    Reason,
    SeriesHeader,
    SeriesRecord,
    find_series,
)
from lungcore.records.tables import (
    DetectionRow,
    InstanceRow,
    LabelFileRow,
    LabelLayerRow,
    LayerRow,
    ReadingRow,
    SeriesRow,
)
from lungcore.records.worklist import WorklistPage, WorklistRow, matching, worklist

__all__ = [
    "InstanceRecord",
    "KnownFiles",
    "NewInstance",
    "NewSeries",
    "Reason",
    "SeriesRecord",
    "WorklistPage",
    "WorklistRow",
    "add_series",
    "any_series",
    "instances",
    "known_files",
    "matching",
    "series",
    "worklist",
]


@dataclass(frozen=True, slots=True)
class KnownFiles:
    """What the stores must keep: hashes of original files, of each series' volume, of layers."""

    sha256s: frozenset[str]
    pixel_hashes: Mapping[str, str]
    layers: frozenset[str]


def add_series(session: Session, new: NewSeries) -> bool:
    """Remember a series with all its files; False when it is stored just so.

    A series that has grown takes the place of the one stored, and its detections go with that,
    unless somebody has read or labelled it. Raises LungcoreError then, and when the study is
    stored for another patient.
    """
    _check_patient(session, new)
    row = session.scalar(
        select(SeriesRow).where(SeriesRow.series_uid == new.series_uid).with_for_update()
    )
    if row is not None and _is_same(session, row, new):
        return False
    if row is None:
        row = SeriesRow()
    else:
        _clear(session, row)
    for name, value in new.columns_of_row().items():
        setattr(row, name, value)
    row.imported_at = datetime.now(UTC)
    row.state = "refused" if new.verdict == "refuse" else "imported"
    row.findings, row.malignancy = 0, None
    row.search_text = _search_text(new)
    session.add(row)
    session.flush()
    session.add_all(
        InstanceRow(series_id=row.series_id, **asdict(instance))
        for instance in _by_content(new).values()
    )
    return True


def any_series(session: Session) -> bool:
    """Whether there is a series at all."""
    return bool(session.scalar(select(exists().where(SeriesRow.series_id.is_not(None)))))


def series(session: Session, series_uid: str) -> SeriesRecord:
    """The series. Raises LungcoreError records.series_unknown."""
    return SeriesRecord.of_row(find_series(session, series_uid))


def instances(session: Session, series_uid: str) -> list[InstanceRecord]:
    """The files of the series, in the order of their import."""
    found = find_series(session, series_uid)
    rows = session.scalars(
        select(InstanceRow)
        .where(InstanceRow.series_id == found.series_id)
        .order_by(InstanceRow.instance_id)
    )
    return [
        InstanceRecord(
            sop_uid=row.sop_uid,
            sha256=row.sha256,
            size_bytes=row.size_bytes,
            transfer_syntax_uid=row.transfer_syntax_uid,
            file_name=row.file_name,
        )
        for row in rows
    ]


def known_files(session: Session) -> KnownFiles:
    """What the stores must keep when they are cleaned."""
    volumes = select(SeriesRow.series_uid, SeriesRow.pixel_hash).where(SeriesRow.pixel_hash != "")
    return KnownFiles(
        sha256s=frozenset(
            session.scalars(select(InstanceRow.sha256).union(select(LabelFileRow.sha256)))
        ),
        pixel_hashes={row.series_uid: row.pixel_hash for row in session.execute(volumes)},
        layers=frozenset(session.scalars(select(LayerRow.sha256).distinct())),
    )


def _by_content(new: NewSeries) -> dict[tuple[str, str], NewInstance]:
    """The files, each once, however often the user gave it."""
    return {(instance.sop_uid, instance.sha256): instance for instance in new.instances}


def _is_same(session: Session, row: SeriesRow, new: NewSeries) -> bool:
    stored = session.execute(
        select(InstanceRow.sop_uid, InstanceRow.sha256).where(
            InstanceRow.series_id == row.series_id
        )
    )
    same_files = {(sop_uid, sha256) for sop_uid, sha256 in stored} == set(_by_content(new))
    return same_files and row.pixel_hash == new.pixel_hash


def _clear(session: Session, row: SeriesRow) -> None:
    """Take away what belongs to the files that are being replaced.

    Readings that were opened and hold nothing get a new version: they show other images now.
    """
    of_series = ReadingRow.series_id == row.series_id
    is_read = exists().where(of_series, ReadingRow.events > 0)
    is_labelled = exists().where(LabelLayerRow.series_id == row.series_id)
    if session.scalar(select(is_read | is_labelled)):
        raise LungcoreError("records.series_differs", series_uid=row.series_uid)
    session.execute(update(ReadingRow).where(of_series).values(version=ReadingRow.version + 1))
    session.execute(delete(DetectionRow).where(DetectionRow.series_id == row.series_id))
    session.execute(delete(InstanceRow).where(InstanceRow.series_id == row.series_id))


def _check_patient(session: Session, new: SeriesHeader) -> None:
    """One study is of one patient (PS3.3 A.1.2): a mix-up must not slip in."""
    stored = session.scalar(
        select(SeriesRow.patient_id)
        .where(
            SeriesRow.study_uid == new.study_uid,
            SeriesRow.series_uid != new.series_uid,
            SeriesRow.patient_id != new.patient_id,
        )
        .limit(1)
    )
    if stored is not None:
        raise LungcoreError(
            "records.study_of_other_patient",
            study_uid=new.study_uid,
            stored=stored,
            found=new.patient_id,
        )


def _search_text(new: SeriesHeader) -> str:
    return searchable(
        new.patient_id,
        new.patient_name,
        new.accession_number,
        new.series_uid,
        new.study_description,
        new.series_description,
    )
