"""Models in use, watched: what readers made of their findings, and what studies look like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.records import blinding, signed
from lungcore.records.model_tables import StudyInputsRow
from lungcore.records.series import Reason, reasons_of
from lungcore.records.tables import DetectionRow, ReadingRow, SeriesRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What readers made of one model's findings in one month. month: yyyy-mm of the signature.

    findings: of the machine, in readings that were signed. edited: accepted with another shape.
    added: by readers, that the machine had not reported.
    """

    model: str
    month: str
    readings: int
    findings: int
    accepted: int
    edited: int
    rejected: int
    undecided: int
    added: int

    @property
    def acceptance(self) -> float | None:
        """Share of the findings decided on that were kept; None without any."""
        decided = self.accepted + self.edited + self.rejected
        return (self.accepted + self.edited) / decided if decided else None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyInputs:
    """What one study looked like to a detection."""

    series_uid: str
    model: str
    at: datetime
    profile: Mapping[str, Any]
    reasons: tuple[Reason, ...]


def note_inputs(
    session: Session,
    job_id: str,
    profile: Mapping[str, Any],
    reasons: Sequence[tuple[str, Mapping[str, Any]]],
) -> None:
    """Remember what a study looked like to the detection of that job; once."""
    detection_id = session.scalar(
        select(DetectionRow.detection_id).where(DetectionRow.job_id == job_id)
    )
    if detection_id is None or session.get(StudyInputsRow, detection_id) is not None:
        return
    told = [{"key": key, "values": dict(values)} for key, values in reasons]
    session.add(StudyInputsRow(detection_id=detection_id, profile=dict(profile), reasons=told))


def out_of_range(session: Session, series_uid: str) -> tuple[Reason, ...]:
    """Where a series lies outside of the training data of what was last run on it."""
    stored = session.scalar(
        select(StudyInputsRow.reasons)
        .join(DetectionRow, DetectionRow.detection_id == StudyInputsRow.detection_id)
        .join(SeriesRow, SeriesRow.series_id == DetectionRow.series_id)
        .where(SeriesRow.series_uid == series_uid, DetectionRow.state == "done")
        .order_by(DetectionRow.detection_id.desc())
        .limit(1)
    )
    return reasons_of(stored or [])


def verdicts(
    session: Session, kind: str = "detector", shown_to: int | None = None
) -> list[Verdicts]:
    """What signed readings made of the findings of each model of a kind, month by month.

    shown_to: the account from which rounds may hide series: readings of these are not counted.
    """
    found = signed.signed_or_excluded(
        session,
        ReadingRow.detection_id.is_not(None),
        *blinding.shown(session, ReadingRow.series_id, shown_to),
    )
    ran = select(DetectionRow.detection_id, DetectionRow.models)
    models = {row.detection_id: row.models for row in session.execute(ran)}
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for reading in sorted(found, key=lambda one: one.signed_at):
        model = models[reading.detection_id].get(kind, "")
        key = (model, f"{reading.signed_at:%Y-%m}")
        tally = counts.setdefault(key, dict.fromkeys(FIELDS, 0))
        tally["readings"] += 1
        for finding in reading.state.findings:
            if finding.source == "reader":
                tally["added"] += finding.state != "rejected"
                continue
            tally["findings"] += 1
            tally[finding.state if finding.state in FIELDS else "undecided"] += 1
    return [Verdicts(model=model, month=month, **tally) for (model, month), tally in counts.items()]


FIELDS = ("readings", "findings", "accepted", "edited", "rejected", "undecided", "added")


def inputs(session: Session, shown_to: int | None = None, most: int = 500) -> list[StudyInputs]:
    """What the studies looked like that were detected in last, newest first.

    shown_to: as of `verdicts`.
    """
    found = session.execute(
        select(StudyInputsRow, DetectionRow, SeriesRow.series_uid)
        .join(DetectionRow, DetectionRow.detection_id == StudyInputsRow.detection_id)
        .join(SeriesRow, SeriesRow.series_id == DetectionRow.series_id)
        .where(*blinding.shown(session, DetectionRow.series_id, shown_to))
        .order_by(DetectionRow.detection_id.desc())
        .limit(most)
    )
    return [
        StudyInputs(
            series_uid=series_uid,
            model=detection.models.get("detector", ""),
            at=detection.finished_at or detection.started_at,
            profile=row.profile,
            reasons=reasons_of(row.reasons),
        )
        for row, detection, series_uid in found
    ]
