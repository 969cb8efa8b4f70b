"""Looks at locked test sets: a candidate and the model in use on the same scans. Append-only."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from lungcore.records import audit, blinding
from lungcore.records.identity import actor_name
from lungcore.records.model_tables import ComparisonRow, ModelRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonRecord:
    """A comparison. model: the candidate, against: the model in use then. look: how often the
    test set had been looked at, this time included. result: as `learning.compare` gives it."""

    comparison_id: int
    model: str
    against: str
    test_set: str
    look: int
    actor: str
    at: datetime
    result: Mapping[str, Any]


def add(
    session: Session,
    job_id: str,
    model_id: int,
    against_id: int,
    test_set: str,
    account_id: int | None,
    result: Mapping[str, Any],
) -> None:
    """Remember a comparison; the same job adds one."""
    if session.scalar(select(ComparisonRow.job_id).where(ComparisonRow.job_id == job_id)):
        return
    session.add(
        ComparisonRow(
            job_id=job_id,
            model_id=model_id,
            against_id=against_id,
            test_set=test_set,
            account_id=account_id,
            at=datetime.now(UTC),
            result=dict(result),
        )
    )
    session.flush()
    audit.append(
        session,
        actor=actor_name(session, account_id),
        action="test_set.looked_at",
        subject=test_set,
        detail={"look": looks(session, test_set), "model_id": model_id, "job_id": job_id},
    )


def looks(session: Session, test_set: str) -> int:
    """How often the test set was looked at."""
    of_set = ComparisonRow.test_set == test_set
    return session.scalar(select(func.count()).select_from(ComparisonRow).where(of_set)) or 0


def of_model(session: Session, name: str, shown_to: int | None = None) -> list[ComparisonRecord]:
    """The comparisons of a candidate, newest first.

    shown_to: the account from which rounds may hide series: their nodules are not listed.
    """
    hidden = blinding.hidden_uids(session, shown_to)
    model, against = aliased(ModelRow), aliased(ModelRow)
    found = session.execute(
        select(ComparisonRow, model.name, against.name)
        .join(model, model.model_id == ComparisonRow.model_id)
        .join(against, against.model_id == ComparisonRow.against_id)
        .where(model.name == name)
        .order_by(ComparisonRow.comparison_id.desc())
    )
    return [
        ComparisonRecord(
            comparison_id=row.comparison_id,
            model=own,
            against=other,
            test_set=row.test_set,
            look=_look(session, row),
            actor=actor_name(session, row.account_id),
            at=row.at,
            result=_without(row.result, hidden),
        )
        for row, own, other in found
    ]


def _without(result: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    """The result without the nodules of these series."""
    listed = {
        name: [one for one in result[name] if one["series_uid"] not in hidden]
        for name in ("gained", "lost")
        if name in result
    }
    return {**result, **listed}


def _look(session: Session, row: ComparisonRow) -> int:
    earlier = (
        ComparisonRow.test_set == row.test_set,
        ComparisonRow.comparison_id <= row.comparison_id,
    )
    return session.scalar(select(func.count()).select_from(ComparisonRow).where(*earlier)) or 0
