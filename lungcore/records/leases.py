"""Who takes which case of a round: a lease that expires, taken in one transaction.

A case may be read by so many readers as the round says. Who holds its lease and who has signed it
take one of these reads; nobody else gets it when all are taken. A lease is a time in UTC on the
row: it outlives restarts, and each event of the reading prolongs it.
"""

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from lungcore.errors import LungcoreError
from lungcore.records import summary
from lungcore.records.round_tables import AssignmentRow, RoundRow
from lungcore.records.tables import SeriesRow

# waiting: to be read, or being read. done: signed. spare: read by enough others. closed: the round
# ended before.
AssignmentState = Literal["waiting", "done", "spare", "closed"]
LEASE = timedelta(hours=2)

Case = tuple[int, int]  # round_id, series_id


def take_next(session: Session, account_id: int, *, now: datetime) -> str | None:
    """The series that the account reads next, taken for LEASE; None when nothing is left.

    The case it holds comes first, then the most urgent, then as the round's strategy has it.
    """
    while True:
        held = session.execute(_held(account_id, now)).first()
        found = held or session.execute(_free(account_id, now)).first()
        if found is None:
            return None
        # Others may have been faster until this series is locked.
        if take(session, (found.round_id, found.series_id), account_id, now=now):
            return session.get_one(SeriesRow, found.series_id).series_uid


def take(session: Session, case: Case, account_id: int, *, now: datetime) -> bool:
    """Take or keep a case; False when others have it. One that is signed needs no lease."""
    row = _locked(session, case, account_id)
    if row.state == "done":
        return True
    if row.state != "waiting" or not (_is_held(row, now) or _has_room(session, row, now)):
        return False
    row.lease_until = now + LEASE
    session.flush()
    return True


def hold(session: Session, case: Case, account_id: int, *, now: datetime) -> None:
    """As `take`, for who is about to change the reading.

    Raises LungcoreError when the round is closed, or others took the case after the lease ended.
    """
    if _locked(session, case, account_id).state == "closed":
        raise LungcoreError("records.round_closed")
    if not take(session, case, account_id, now=now):
        raise LungcoreError("records.case_taken")


def finish(session: Session, case: Case, account_id: int, *, now: datetime) -> None:
    """The account has signed. When that was the last read, nobody else is asked any more."""
    row = _locked(session, case, account_id)
    row.state, row.done_at, row.lease_until = "done", now, None
    session.flush()
    done = select(func.count()).where(*_of_case(case), AssignmentRow.state == "done")
    if (session.scalar(done) or 0) >= session.get_one(RoundRow, case[0]).reads:
        waiting = (*_of_case(case), AssignmentRow.state == "waiting")
        session.execute(update(AssignmentRow).where(*waiting).values(state="spare"))


def resume(session: Session, case: Case, account_id: int, *, now: datetime) -> None:
    """The account has reopened what it signed: the read stays its own."""
    row = _locked(session, case, account_id)
    row.state, row.done_at, row.lease_until = "waiting", None, now + LEASE
    session.flush()


def _held(account_id: int, now: datetime) -> Select[int, int]:
    own = AssignmentRow.account_id == account_id, AssignmentRow.state == "waiting"
    return (
        select(AssignmentRow.round_id, AssignmentRow.series_id)
        .where(*own, AssignmentRow.lease_until > now)
        .order_by(AssignmentRow.lease_until)
        .limit(1)
    )


def _free(account_id: int, now: datetime) -> Select[int, int]:
    other = aliased(AssignmentRow)
    taken = (
        select(func.count())
        .where(
            other.round_id == AssignmentRow.round_id,
            other.series_id == AssignmentRow.series_id,
            other.account_id != account_id,
            or_(other.state == "done", other.lease_until > now),
        )
        .correlate(AssignmentRow)
        .scalar_subquery()
    )
    return (
        select(AssignmentRow.round_id, AssignmentRow.series_id)
        .join(RoundRow)
        .where(
            AssignmentRow.account_id == account_id,
            AssignmentRow.state == "waiting",
            taken < RoundRow.reads,
        )
        .order_by(AssignmentRow.priority, AssignmentRow.round_id, AssignmentRow.place)
        .limit(1)
    )


def _locked(session: Session, case: Case, account_id: int) -> AssignmentRow:
    summary.lock(session, case[1])
    return session.get_one(AssignmentRow, (*case, account_id), populate_existing=True)


def _is_held(row: AssignmentRow, now: datetime) -> bool:
    return row.lease_until is not None and row.lease_until > now


def _has_room(session: Session, row: AssignmentRow, now: datetime) -> bool:
    taken = session.scalar(
        select(func.count()).where(
            *_of_case((row.round_id, row.series_id)),
            AssignmentRow.account_id != row.account_id,
            or_(AssignmentRow.state == "done", AssignmentRow.lease_until > now),
        )
    )
    return (taken or 0) < session.get_one(RoundRow, row.round_id).reads


def _of_case(case: Case) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return AssignmentRow.round_id == case[0], AssignmentRow.series_id == case[1]
