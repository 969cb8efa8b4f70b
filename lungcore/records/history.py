"""The history of a reading: every act, what it changed from and to, and any past state."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.findings.finding import Finding
from lungcore.findings.reading import Event, ReadingState, fold, step
from lungcore.findings.said import ScanAnswer
from lungcore.records import blinding, readings
from lungcore.records.readings import ReadingSummary
from lungcore.records.round_tables import OWN
from lungcore.records.series import find_series
from lungcore.records.tables import AccountRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act: who did what, and what it was about before and after.

    before, after: the finding or the answer on the scan; None where there was or is none, and for
    signing and reopening.
    """

    event: Event
    reader_name: str
    before: Finding | ScanAnswer | None
    after: Finding | ScanAnswer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The acts of a reading from the first, and its state before the first and after each."""

    entries: tuple[Entry, ...]
    states: tuple[ReadingState, ...]


def visible(
    session: Session, series_uid: str, account_id: int, *, adjudicates: bool
) -> list[ReadingSummary]:
    """The readings of a series whose history the account may see.

    Its own; those of others that are signed, once its own is, or at once for who adjudicates. Who
    reads in a round that hides readers or the machine sees the round's alone. Raises LungcoreError
    when the series is unknown or a blinded round shuts it.
    """
    found = blinding.round_of(session, find_series(session, series_uid), account_id)
    number = OWN if found is None else found.round_id
    every = readings.of_series(session, series_uid)
    now = [one for one in every if (one.account_id, one.round_id) == (account_id, number)]
    if found is not None and (found.blinded or found.machine_hidden):
        return now
    may_see_others = adjudicates or any(one.signed_at for one in now)
    return [
        one
        for one in every
        if one.account_id == account_id or (may_see_others and one.signed_at is not None)
    ]


def of_reading(session: Session, reading_id: int) -> History:
    """The history of a reading that is `visible`."""
    events = readings.events(session, reading_id)
    states = [fold(readings.machine_findings(session, reading_id), ())]
    for event in events:
        states.append(step(states[-1], event))
    names = _names(session, {event.account_id for event in events})
    entries = [
        _entry(event, names, before, after)
        for event, (before, after) in zip(events, pairwise(states), strict=True)
    ]
    return History(entries=tuple(entries), states=tuple(states))


def _entry(
    event: Event, names: Mapping[int, str], before: ReadingState, after: ReadingState
) -> Entry:
    uid = _subject(event, before)
    if uid is None:
        return Entry(event=event, reader_name=names[event.account_id], before=None, after=None)
    was, now = (state.finding(uid) if uid else state.scan for state in (before, after))
    return Entry(event=event, reader_name=names[event.account_id], before=was, after=now)


def _subject(event: Event, before: ReadingState) -> str | None:
    """The finding that an act is about, "" for the scan, None for the reading.

    An undo and a redo are about that of their decision.
    """
    match event.kind:
        case "sign" | "reopen":
            return None
        case "undo":
            return before.changes[-1].finding_uid
        case "redo":
            return before.undone[-1].finding_uid
        case _:
            return str(event.payload.get("finding_uid", ""))


def _names(session: Session, account_ids: set[int]) -> dict[int, str]:
    query = select(AccountRow.account_id, AccountRow.display_name).where(
        AccountRow.account_id.in_(account_ids)
    )
    return dict(iter(session.execute(query)))
