"""Rounds: which readers are to read which series, blinded or not, in which order."""

from collections import defaultdict
from collections.abc import Collection, Container, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, insert, select, update
from sqlalchemy.orm import Session, aliased

from lungcore.errors import LungcoreError
from lungcore.findings.ordering import STRATEGIES, Case, mixed, ordered
from lungcore.records import audit, references
from lungcore.records.cases import cases
from lungcore.records.identity import find_account
from lungcore.records.round_tables import AssignmentRow, RoundRow
from lungcore.records.tables import AccountRow, SeriesRow

LONGEST_NAME = 64
PRIORITIES = (1, 2, 3)  # 1 is read first
BATCH = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundRecord:
    """A round. reads: by how many of its readers each series is read."""

    round_id: int
    name: str
    blinded: bool
    machine_hidden: bool
    strategy: str
    reads: int
    made_at: datetime
    closed_at: datetime | None

    @classmethod
    def of_row(cls, row: RoundRow) -> "RoundRecord":
        """The record of a row."""
        return cls(**{name: getattr(row, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one reader is in a round, and how urgent it is to that reader.

    left: cases that the reader may still be asked to read.
    """

    round: RoundRecord
    account_id: int
    reader_name: str
    priority: int
    done: int
    left: int


def make(
    session: Session,
    *,
    name: str,
    series_uids: Collection[str],
    account_ids: Collection[int],
    blinded: bool,
    machine_hidden: bool,
    strategy: str,
    reads: int,
    made_by: int,
    now: datetime,
    priority: int = 2,
    answers: Collection[int] = (),
) -> RoundRecord:
    """Make a round and order its cases.

    answers: layers of labels; their series are cases too, mixed in as reference cases, and then the
    round is blinded. Raises LungcoreError for what cannot be: a name that is taken or none, no
    series or readers, more reads than readers, a patient whom a reader reads in another open
    round, answers that are none, or readers who know which they are.
    """
    answered = references.answered_by(session, answers)
    series_ids = list({*_readable(session, series_uids), *answered})
    _check(session, name, series_ids, account_ids, strategy, reads, priority)
    if answered and made_by in account_ids:
        raise LungcoreError("records.reference_maker")
    _check_alone(session, series_ids, account_ids)
    row = RoundRow(
        name=name.strip(),
        blinded=blinded or machine_hidden or bool(answered),
        machine_hidden=machine_hidden,
        strategy=strategy,
        reads=reads,
        account_id=made_by,
        made_at=now,
    )
    session.add(row)
    session.flush()
    references.keep(session, row.round_id, answered)
    order = _order(cases(session, series_ids, strategy), row, answered)
    rows = [
        {
            "round_id": row.round_id,
            "series_id": case.number,
            "account_id": account_id,
            "priority": priority,
            "place": place,
            "state": "waiting",
        }
        for place, case in enumerate(order)
        for account_id in account_ids
    ]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(AssignmentRow), rows[start : start + BATCH])
    counts = {"series": len(order), "references": len(answered)}
    _tell(session, row, made_by, "round.made", readers=sorted(account_ids), **counts)
    return RoundRecord.of_row(row)


def close(session: Session, round_id: int, *, closed_by: int, now: datetime) -> None:
    """End a round: what was not read stays unread, and blinding ends. Once is enough."""
    row = _find(session, round_id)
    if row.closed_at is not None:
        return
    row.closed_at = now
    of_round = AssignmentRow.round_id == round_id
    waiting = of_round, AssignmentRow.state.in_(("waiting", "spare"))
    session.execute(update(AssignmentRow).where(*waiting).values(state="closed", lease_until=None))
    _tell(session, row, closed_by, "round.closed")


def set_priority(
    session: Session, round_id: int, account_id: int, priority: int, *, set_by: int
) -> None:
    """How urgent a round is to one of its readers. Raises ValueError for an unknown priority."""
    if priority not in PRIORITIES:
        raise ValueError(f"priority must be one of {PRIORITIES}, not {priority}")
    row = _find(session, round_id)
    own = AssignmentRow.round_id == round_id, AssignmentRow.account_id == account_id
    session.execute(update(AssignmentRow).where(*own).values(priority=priority))
    _tell(session, row, set_by, "round.priority_set", reader=account_id, priority=priority)


def progress(session: Session, account_id: int | None = None) -> list[Progress]:
    """Each reader's part of each round, the latest round first; of one account, its open ones."""
    by = AssignmentRow.round_id, AssignmentRow.account_id, AssignmentRow.state
    counted = select(*by, func.count(), func.min(AssignmentRow.priority)).group_by(*by)
    if account_id is not None:
        counted = counted.where(AssignmentRow.account_id == account_id)
    # Counted in the index alone, joined with names here.
    counts: dict[tuple[int, int], dict[str, int]] = defaultdict(dict)
    priorities: dict[tuple[int, int], int] = {}
    for round_id, reader, state, count, priority in session.execute(counted):
        counts[round_id, reader][state] = count
        priorities[round_id, reader] = priority
    rounds = {row.round_id: RoundRecord.of_row(row) for row in session.scalars(select(RoundRow))}
    names = dict(session.execute(select(AccountRow.account_id, AccountRow.display_name)).all())
    found = [
        Progress(
            round=rounds[round_id],
            account_id=reader,
            reader_name=names[reader],
            priority=priorities[round_id, reader],
            done=states.get("done", 0),
            left=states.get("waiting", 0),
        )
        for (round_id, reader), states in counts.items()
        if account_id is None or rounds[round_id].closed_at is None
    ]
    return sorted(found, key=lambda one: (-one.round.round_id, one.reader_name))


def shown(parts: Sequence[Progress], account_id: int) -> list[Progress]:
    """Without what a blinded reader is not told: how far the others of the round are."""
    own = {part.round.round_id for part in parts if part.account_id == account_id}
    return [
        part
        for part in parts
        if part.account_id == account_id
        or part.round.round_id not in own
        or not part.round.blinded
        or part.round.closed_at is not None
    ]


def _order(found: Sequence[Case], row: RoundRow, answered: Container[int]) -> list[Case]:
    """By the round's strategy, with the reference cases at places by chance."""
    known = [case for case in found if case.number in answered]
    others = [case for case in found if case.number not in answered]
    # The round's number is known to its readers, and how places are drawn is no secret either.
    secret = f"{row.round_id} {row.made_at.isoformat()}"
    return mixed(ordered(others, row.strategy, seed=secret), known, secret)


def _readable(session: Session, series_uids: Collection[str]) -> list[int]:
    """The ids of the series. Raises LungcoreError for one that is unknown or was refused."""
    wanted = sorted(series_uids)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), BATCH):
        rows = session.execute(
            select(SeriesRow.series_uid, SeriesRow.series_id).where(
                SeriesRow.series_uid.in_(wanted[start : start + BATCH]),
                SeriesRow.verdict != "refuse",
            )
        )
        found.update((row.series_uid, row.series_id) for row in rows)
    for uid in wanted:
        if uid not in found:
            raise LungcoreError("records.round_series", series_uid=uid)
    return list(found.values())


def _check(
    session: Session,
    name: str,
    series_ids: Sequence[int],
    account_ids: Collection[int],
    strategy: str,
    reads: int,
    priority: int,
) -> None:
    if strategy not in STRATEGIES or priority not in PRIORITIES:
        raise ValueError(f"unknown strategy {strategy!r} or priority {priority!r}")
    if not 0 < len(name.strip()) <= LONGEST_NAME:
        raise LungcoreError("records.round_name", longest=LONGEST_NAME)
    if session.scalar(select(exists().where(RoundRow.name == name.strip()))):
        raise LungcoreError("records.round_name_taken", name=name.strip())
    if not series_ids or not account_ids:
        raise LungcoreError("records.round_empty")
    if not 1 <= reads <= len(account_ids):
        raise LungcoreError("records.round_reads", reads=reads, readers=len(account_ids))


def _check_alone(session: Session, series_ids: Sequence[int], account_ids: Collection[int]) -> None:
    """One open round a reader and patient: two would show in one what the other hides."""
    busy, case, wanted = aliased(AssignmentRow), aliased(SeriesRow), set(series_ids)
    patients = select(case.series_id, case.patient_id, case.patient_birth_date)
    open_cases = (
        patients.join(busy, busy.series_id == case.series_id)
        .join(RoundRow, RoundRow.round_id == busy.round_id)
        .where(RoundRow.closed_at.is_(None), busy.account_id.in_(account_ids))
        .add_columns(RoundRow.name)
        .distinct()
    )
    taken = session.execute(open_cases).all()
    if not taken:
        return
    own = {(row[1], row[2]) for row in session.execute(patients) if row[0] in wanted and row[1]}
    for series_id, patient_id, birth_date, name in taken:
        if series_id in wanted or (patient_id, birth_date) in own:
            raise LungcoreError("records.round_overlaps", name=name, patient_id=patient_id)


def _find(session: Session, round_id: int) -> RoundRow:
    row = session.get(RoundRow, round_id, with_for_update=True)
    if row is None:
        raise LungcoreError("records.round_unknown", round_id=round_id)
    return row


def _tell(session: Session, row: RoundRow, account_id: int, action: str, **detail: object) -> None:
    audit.append(
        session,
        actor=find_account(session, account_id).username,
        action=action,
        subject=row.name,
        detail={"round_id": row.round_id, **detail},
    )
