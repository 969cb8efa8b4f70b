"""A patient's other series: what a scan may be compared with."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lungcore.records.series import SeriesRecord, find_series
from lungcore.records.tables import SeriesRow


@dataclass(frozen=True, slots=True)
class Prior:
    """A series of an earlier study."""

    series_uid: str
    study_date: str


def of_patient(session: Session, series_uid: str) -> list[SeriesRecord]:
    """The readable series of the same patient, this one among them: the latest study first.

    The same patient id and birth date: an id alone may be that of another hospital's patient.
    Raises LungcoreError when the series is unknown.
    """
    own = find_series(session, series_uid)
    rows = session.scalars(
        select(SeriesRow)
        .where(
            SeriesRow.patient_id == own.patient_id,
            SeriesRow.patient_birth_date == own.patient_birth_date,
            SeriesRow.verdict != "refuse",
        )
        .order_by(
            SeriesRow.study_date.desc(),
            SeriesRow.study_time.desc(),
            SeriesRow.slices.desc(),
            SeriesRow.series_id,
        )
    )
    return [SeriesRecord.of_row(row) for row in rows] if own.patient_id else []


def latest(session: Session, series_uids: Sequence[str]) -> dict[str, Prior]:
    """Of each series that has one, the prior: of the latest earlier study, with most slices."""
    own, earlier = aliased(SeriesRow), aliased(SeriesRow)
    found = session.execute(
        select(own.series_uid, earlier.series_uid, earlier.study_date)
        .join(
            earlier,
            (earlier.patient_id == own.patient_id)
            & (earlier.patient_birth_date == own.patient_birth_date)
            & (earlier.study_date < own.study_date),
        )
        .where(
            own.series_uid.in_(series_uids),
            own.patient_id != "",
            own.verdict != "refuse",
            earlier.verdict != "refuse",
            earlier.study_date != "",
        )
        .order_by(earlier.study_date, earlier.study_time, earlier.slices, earlier.series_id.desc())
    )
    return {uid: Prior(*prior) for uid, *prior in found}  # the last one stays
