"""Runs of the detector, and what they found."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.findings.finding import Candidate
from lungcore.imaging.layers import Layer
from lungcore.records import audit, readings, summary
from lungcore.records.identity import actor_name
from lungcore.records.layers import rows as layer_rows
from lungcore.records.series import find_series
from lungcore.records.tables import DetectionRow, MachineFindingRow, SeriesRow

DetectionState = Literal["running", "done", "failed", "cancelled"]

# Names made with it are the uids of findings: it may never change.
FINDING_NAMESPACE = uuid.UUID("6c1f8f0e-6a3b-5d0e-9f1c-0f6f3c1f7a52")


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionRecord:
    """A run of the detector.

    models: version by name. seconds: by step. error: key and values of the catalogue's text.
    """

    job_id: str
    series_uid: str
    state: DetectionState
    models: Mapping[str, str]
    seconds: Mapping[str, float]
    error: tuple[str, Mapping[str, Any]] | None
    started_at: datetime
    finished_at: datetime | None


def start(
    session: Session, series_uid: str, job_id: str, account_id: int | None
) -> DetectionRecord:
    """Remember that a job detects in the series; one that failed or was cancelled runs again.

    Raises LungcoreError when the series is unknown or was refused.
    """
    series = find_series(session, series_uid, lock=True)
    if series.verdict == "refuse":
        raise LungcoreError("records.series_refused", series_uid=series_uid)
    row = _find(session, job_id)
    if row is not None and row.state in ("running", "done"):
        return _record(row, series_uid)
    if row is None:
        row = DetectionRow(series_id=series.series_id, job_id=job_id, account_id=account_id)
        session.add(row)
    row.state, row.error_key, row.error_values = "running", None, {}
    row.models, row.seconds = {}, {}
    row.started_at, row.finished_at = datetime.now(UTC), None
    summary.refresh(session, series.series_id)
    audit.append(
        session,
        actor=actor_name(session, account_id),
        action="detection.started",
        subject=series_uid,
        detail={"job_id": job_id},
    )
    return _record(row, series_uid)


def finish(
    session: Session,
    job_id: str,
    candidates: Sequence[Candidate],
    models: Mapping[str, str],
    seconds: Mapping[str, float],
    layers: Sequence[tuple[str, Layer]] = (),
) -> None:
    """Remember what the job found. Done once: a second call, or one after its end, adds nothing.

    layers: with the sha256 that their values are stored under.
    Raises LungcoreError when the job is unknown.
    """
    row = _running(session, job_id)
    if row is None:
        return
    row.state, row.finished_at = "done", datetime.now(UTC)
    row.models, row.seconds = dict(models), dict(seconds)
    ranks = _ranks(candidates)
    found = zip(ranks, candidates, strict=True)
    session.add_all(_finding_row(row, rank, candidate) for rank, candidate in found)
    session.add_all(layer_rows(row.detection_id, layers, ranks))
    readings.take_detection(session, row.series_id)
    summary.refresh(session, row.series_id)


def end(
    session: Session,
    job_id: str,
    state: Literal["failed", "cancelled"],
    error: tuple[str, Mapping[str, Any]] | None,
) -> None:
    """Remember that the job ended without a result; one that has ended stays as it is.

    Raises LungcoreError when the job is unknown.
    """
    row = _running(session, job_id)
    if row is None:
        return
    row.state, row.finished_at = state, datetime.now(UTC)
    if error is not None:
        row.error_key, row.error_values = error[0], dict(error[1])
    summary.refresh(session, row.series_id)


def latest(session: Session, series_uid: str) -> DetectionRecord | None:
    """The detection of the series that was started last, or None."""
    row = session.scalar(
        select(DetectionRow)
        .join(SeriesRow)
        .where(SeriesRow.series_uid == series_uid)
        .order_by(DetectionRow.started_at.desc(), DetectionRow.detection_id.desc())
        .limit(1)
    )
    return None if row is None else _record(row, series_uid)


def running(session: Session) -> list[DetectionRecord]:
    """The detections that are on record as running, oldest first."""
    rows = session.execute(
        select(DetectionRow, SeriesRow.series_uid)
        .join(SeriesRow)
        .where(DetectionRow.state == "running")
        .order_by(DetectionRow.detection_id)
    )
    return [_record(row, series_uid) for row, series_uid in rows]


def _find(session: Session, job_id: str) -> DetectionRow | None:
    return session.scalar(select(DetectionRow).where(DetectionRow.job_id == job_id))


def _running(session: Session, job_id: str) -> DetectionRow | None:
    row = _find(session, job_id)
    if row is None:
        raise LungcoreError("records.detection_unknown", job_id=job_id)
    summary.lock(session, row.series_id)
    session.refresh(row)
    return row if row.state == "running" else None


def _ranks(candidates: Sequence[Candidate]) -> list[int]:
    """The place of each by falling probability."""
    order = sorted(range(len(candidates)), key=lambda number: -candidates[number].probability)
    return sorted(range(len(candidates)), key=order.__getitem__)


def _finding_row(row: DetectionRow, rank: int, found: Candidate) -> MachineFindingRow:
    x_mm, y_mm, z_mm = found.center_mm
    return MachineFindingRow(
        detection_id=row.detection_id,
        rank=rank,
        # The same for the same job, as a uid made from a UUID (PS3.5 B.2).
        finding_uid=f"2.25.{uuid.uuid5(FINDING_NAMESPACE, f'{row.job_id}/{rank}').int}",
        x_mm=float(x_mm),
        y_mm=float(y_mm),
        z_mm=float(z_mm),
        diameter_mm=float(found.diameter_mm),
        probability=float(found.probability),
        malignancy=None if found.malignancy is None else float(found.malignancy),
        attributes=None if found.attributes is None else dict(found.attributes),
    )


def _record(row: DetectionRow, series_uid: str) -> DetectionRecord:
    error = None if row.error_key is None else (row.error_key, dict(row.error_values))
    return DetectionRecord(
        job_id=row.job_id,
        series_uid=series_uid,
        state=cast(DetectionState, row.state),
        models=dict(row.models),
        seconds=dict(row.seconds),
        error=error,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )
