"""The workers that run jobs, and when each last said that it lives."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lungcore.records.tables import ExecutorRow


def beat(session: Session, executor_id: str, now: datetime) -> None:
    """Note that the executor lives."""
    session.merge(ExecutorRow(executor_id=executor_id, seen_at=now))


def silent_since(session: Session, moment: datetime) -> list[str]:
    """The executors that have not said since `moment` that they live."""
    silent = select(ExecutorRow.executor_id).where(ExecutorRow.seen_at < moment)
    return list(session.scalars(silent.order_by(ExecutorRow.executor_id)))


def last_seen(session: Session) -> datetime | None:
    """When any executor last said that it lives; None when none ever did."""
    return session.scalar(select(func.max(ExecutorRow.seen_at)))


def forget(session: Session, executor_id: str) -> None:
    """Remove an executor whose jobs others have taken over."""
    session.execute(delete(ExecutorRow).where(ExecutorRow.executor_id == executor_id))
