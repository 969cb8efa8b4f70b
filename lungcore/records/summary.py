"""The worklist's columns of a series, brought up to date in the transaction of each change.

Who changes anything of a series locks its row first and writes the audit trail last: with one
order for all, writers on PostgreSQL wait for each other and never for ever.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.findings.finding import Finding
from lungcore.records.round_tables import OWN
from lungcore.records.series import SeriesState
from lungcore.records.tables import DetectionRow, MachineFindingRow, ReadingRow, SeriesRow


def lock(session: Session, series_id: int) -> None:
    """Make other writers of this series wait until the transaction ends."""
    session.get_one(SeriesRow, series_id, with_for_update=True, populate_existing=True)


def refresh(session: Session, series_id: int) -> None:
    """Set state, findings and malignancy of the series from its readings and detections.

    The latest saved reading speaks for the series; without one, the latest detection done does.
    Readings of rounds do not: they are measurements of readers, and often nobody's to see.
    """
    session.flush()
    series = session.get_one(SeriesRow, series_id)
    readings = session.scalars(
        select(ReadingRow)
        .where(ReadingRow.series_id == series_id, ReadingRow.events > 0, ReadingRow.round == OWN)
        .order_by(ReadingRow.saved_at.desc())
    ).all()
    if readings:
        signed = all(reading.signed_at is not None for reading in readings)
        series.state = "signed" if signed else "in_review"
        series.findings = readings[0].findings
        series.malignancy = readings[0].malignancy
    else:
        found = machine_findings(session, latest_done(session, series_id))
        rated = [finding.malignancy for finding in found if finding.malignancy is not None]
        series.state = _detection_state(session, series_id)
        series.findings, series.malignancy = len(found), max(rated, default=None)
    session.flush()


def latest_done(session: Session, series_id: int) -> int | None:
    """The id of the latest detection of the series that is done."""
    return session.scalar(
        select(DetectionRow.detection_id)
        .where(DetectionRow.series_id == series_id, DetectionRow.state == "done")
        .order_by(DetectionRow.finished_at.desc(), DetectionRow.detection_id.desc())
        .limit(1)
    )


def machine_findings(session: Session, detection_id: int | None) -> Sequence[Finding]:
    """What a detection found, by falling probability; nothing for None."""
    rows = session.scalars(
        select(MachineFindingRow)
        .where(MachineFindingRow.detection_id == detection_id)
        .order_by(MachineFindingRow.rank)
    )
    return [
        Finding(
            finding_uid=row.finding_uid,
            center_mm=(row.x_mm, row.y_mm, row.z_mm),
            diameter_mm=row.diameter_mm,
            probability=row.probability,
            malignancy=row.malignancy,
            attributes=row.attributes,
        )
        for row in rows
    ]


def _detection_state(session: Session, series_id: int) -> SeriesState:
    states = set(
        session.scalars(select(DetectionRow.state).where(DetectionRow.series_id == series_id))
    )
    if "running" in states:
        return "detecting"
    return "ready" if "done" in states else "imported"
