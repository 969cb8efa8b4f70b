"""Trainings: what was asked for, how each stands, and the model that came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.records import audit
from lungcore.records.identity import actor_name
from lungcore.records.model_tables import ModelRow, TrainingRow

TrainingState = Literal["running", "paused", "done", "failed", "cancelled"]
ENDED = ("done", "cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecord:
    """A training. plan: as `learning.plans` writes it. job_id: of the job that runs it, or ran it
    last. model: the name of what came of it, "" before. error: key and values of the text."""

    training_id: str
    job_id: str
    account_id: int | None
    actor: str
    plan: Mapping[str, Any]
    state: TrainingState
    model: str
    error: tuple[str, Mapping[str, Any]] | None
    started_at: datetime
    finished_at: datetime | None


def start(
    session: Session,
    training_id: str,
    job_id: str,
    plan: Mapping[str, Any],
    account_id: int | None,
) -> None:
    """Remember that a job trains."""
    session.add(
        TrainingRow(
            training_id=training_id,
            job_id=job_id,
            account_id=account_id,
            plan=dict(plan),
            state="running",
            error_values={},
            started_at=datetime.now(UTC),
        )
    )
    session.flush()
    _tell(session, training_id, "started", account_id, {"preset": plan.get("preset", "")})


def go_on(session: Session, training_id: str, job_id: str, account_id: int | None) -> None:
    """Let another job go on with a training that was paused or failed.

    Raises LungcoreError when it runs or has ended.
    """
    row = _row(session, training_id)
    if row.state not in ("paused", "failed"):
        raise LungcoreError("models.training_not_paused", training_id=training_id)
    row.job_id, row.state, row.finished_at = job_id, "running", None
    row.error_key, row.error_values = None, {}
    _tell(session, training_id, "resumed", account_id, {})


def halt(
    session: Session,
    training_id: str,
    state: Literal["paused", "cancelled"],
    account_id: int | None,
) -> str:
    """Remember that a training was paused or cancelled; returns the job to stop.

    Raises LungcoreError when it has ended already.
    """
    row = _row(session, training_id)
    if row.state in ENDED:
        raise LungcoreError("models.training_ended", training_id=training_id)
    row.state = state
    row.finished_at = datetime.now(UTC) if state == "cancelled" else None
    _tell(session, training_id, state, account_id, {})
    return row.job_id


def finish(session: Session, training_id: str, job_id: str, model: str) -> bool:
    """Remember the model that came of a training; False when that job does not run it any more."""
    row = _row(session, training_id)
    if row.job_id != job_id or row.state != "running":
        return False
    row.model_id = session.scalar(select(ModelRow.model_id).where(ModelRow.name == model))
    row.state, row.finished_at = "done", datetime.now(UTC)
    _tell(session, training_id, "done", row.account_id, {"model": model})
    return True


def fail(
    session: Session, training_id: str, job_id: str, error: tuple[str, Mapping[str, Any]]
) -> None:
    """Remember why a training failed; one that was halted or has ended stays as it is."""
    row = _row(session, training_id)
    if row.job_id == job_id and row.state == "running":
        row.state, row.finished_at = "failed", datetime.now(UTC)
        row.error_key, row.error_values = error[0], dict(error[1])
        _tell(session, training_id, "failed", row.account_id, {"error": error[0]})


def find(session: Session, training_id: str) -> TrainingRecord:
    """The training. Raises LungcoreError when it is unknown."""
    return _record(session, _row(session, training_id))


def running(session: Session) -> list[tuple[str, str]]:
    """The trainings that run, each with its job."""
    columns = select(TrainingRow.training_id, TrainingRow.job_id)
    rows = session.execute(columns.where(TrainingRow.state == "running"))
    return [(row.training_id, row.job_id) for row in rows]


def list_trainings(session: Session) -> list[TrainingRecord]:
    """All trainings, newest first."""
    rows = session.scalars(select(TrainingRow).order_by(TrainingRow.started_at.desc()))
    return [_record(session, row) for row in rows]


def _row(session: Session, training_id: str) -> TrainingRow:
    query = select(TrainingRow).where(TrainingRow.training_id == training_id).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise LungcoreError("models.training_unknown", training_id=training_id)
    return row


def _record(session: Session, row: TrainingRow) -> TrainingRecord:
    model = None if row.model_id is None else session.get_one(ModelRow, row.model_id).name
    return TrainingRecord(
        training_id=row.training_id,
        job_id=row.job_id,
        account_id=row.account_id,
        actor=actor_name(session, row.account_id),
        plan=row.plan,
        state=cast(TrainingState, row.state),
        model=model or "",
        error=None if row.error_key is None else (row.error_key, dict(row.error_values)),
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _tell(
    session: Session, training_id: str, what: str, account_id: int | None, detail: dict[str, Any]
) -> None:
    audit.append(
        session,
        actor=actor_name(session, account_id),
        action=f"training.{what}",
        subject=training_id,
        detail=detail,
    )
