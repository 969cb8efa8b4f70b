"""Readings: what a reader says of a series, kept as events that are only ever added.

Which machine findings a reading shows: those of the latest detection done, until the first event
appended while there is one pins it. A later detection then moves nothing under the reader. A
reading signed before any detection was done shows none until it is reopened, and one of a round
that hides the machine shows none at all.

Of a series an account has one reading at a time: its own, or that of the open round that asks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.findings.checking import check
from lungcore.findings.finding import Finding
from lungcore.findings.reading import Event, Kind, ReadingState, fold, step
from lungcore.records import audit, blinding, leases, summary
from lungcore.records.round_tables import OWN, RoundRow
from lungcore.records.series import find_series
from lungcore.records.tables import AccountRow, DetectionRow, EventRow, ReadingRow, SeriesRow

LONGEST_EVENT_UID = 64


class ReadingChanged(LungcoreError):  # noqa: N818 - not a fault: somebody was faster
    """The reading is no longer as it was when the event was made."""


@dataclass(frozen=True, slots=True)
class RoundOfReading:
    """The round that a reading belongs to, as far as it matters to who reads."""

    round_id: int
    name: str
    blinded: bool
    machine_hidden: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingRecord:
    """A reading as it stands.

    round: None for a reader's own.
    version: grows whenever what the reader sees changes: with each event, and when a detection
        finishes that this reading shows.
    detection_id, models: of the detection it shows; version by name.
    """

    reading_id: int
    series_uid: str
    account_id: int
    reader_name: str
    round: RoundOfReading | None
    version: int
    state: ReadingState
    detection_id: int | None
    models: Mapping[str, str]
    signed_at: datetime | None
    last_saved_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSummary:
    """That somebody has read a series; `findings` are those not rejected."""

    reading_id: int
    round_id: int
    account_id: int
    reader_name: str
    signed_at: datetime | None
    last_saved_at: datetime | None
    findings: int


def open_reading(session: Session, series_uid: str, account_id: int) -> ReadingRecord:
    """The account's reading of the series now, made when there is none; it takes no case.

    Raises LungcoreError when the series is unknown or was refused, or a blinded round shuts it.
    """
    series = find_series(session, series_uid, lock=True)
    if series.verdict == "refuse":
        raise LungcoreError("records.series_refused", series_uid=series_uid)
    number = _round_now(session, series, account_id)
    reading = _of_account(session, series.series_id, account_id, number)
    if reading is None:
        reading = ReadingRow(
            series_id=series.series_id,
            account_id=account_id,
            round=number,
            version=0,
            events=0,
            findings=0,
            opened_at=datetime.now(UTC),
        )
        session.add(reading)
        session.flush()
    return _record(session, reading)


def first_finding(session: Session, series_uid: str, account_id: int) -> Finding | None:
    """What the account's reading of the series would begin with; nothing is made or changed.

    Raises LungcoreError when the series is unknown.
    """
    series = find_series(session, series_uid)
    series_id = series.series_id
    found = blinding.round_of(session, series, account_id)
    number = OWN if found is None else found.round_id
    reading = _of_account(session, series_id, account_id, number)
    if reading is not None:
        findings = _state(session, reading).findings
    elif found is not None and found.machine_hidden:
        findings = ()
    else:
        machine = summary.machine_findings(session, summary.latest_done(session, series_id))
        findings = fold(machine, ()).findings
    return findings[0] if findings else None


def load(session: Session, reading_id: int) -> ReadingRecord:
    """The reading. Raises LungcoreError when it is unknown."""
    return _record(session, _find(session, reading_id))


def events(session: Session, reading_id: int) -> list[Event]:
    """The history of a reading, from its first event."""
    rows = session.scalars(
        select(EventRow).where(EventRow.reading_id == reading_id).order_by(EventRow.seq)
    )
    return [
        Event(row.event_uid, row.seq, row.at, row.account_id, cast(Kind, row.kind), row.payload)
        for row in rows
    ]


def machine_findings(session: Session, reading_id: int) -> Sequence[Finding]:
    """What the machine found, as far as the reading shows it."""
    return summary.machine_findings(session, _shown_detection(session, _find(session, reading_id)))


def check_mask(session: Session, series_uid: str, account_id: int, mask: str) -> None:
    """Raise LungcoreError where a blinded round hides the mask: its reading does not name it."""
    series = find_series(session, series_uid)
    found = blinding.round_of(session, series, account_id)
    if found is None or not found.blinded:
        return
    reading = _of_account(session, series.series_id, account_id, found.round_id)
    own = events(session, reading.reading_id) if reading is not None else []
    if all(event.payload.get("mask") != mask for event in own):
        raise LungcoreError("records.mask_blinded")


def of_series(session: Session, series_uid: str) -> list[ReadingSummary]:
    """The readings of the series that hold anything, oldest first."""
    found = session.execute(
        select(ReadingRow, AccountRow)
        .join(SeriesRow, SeriesRow.series_id == ReadingRow.series_id)
        .join(AccountRow, AccountRow.account_id == ReadingRow.account_id)
        .where(SeriesRow.series_uid == series_uid, ReadingRow.events > 0)
        .order_by(ReadingRow.reading_id)
    )
    return [
        ReadingSummary(
            reading_id=reading.reading_id,
            round_id=reading.round,
            account_id=reading.account_id,
            reader_name=account.display_name,
            signed_at=reading.signed_at,
            last_saved_at=reading.saved_at,
            findings=reading.findings,
        )
        for reading, account in found
    ]


def append(
    session: Session,
    reading_id: int,
    *,
    event_uid: str,
    kind: str,
    payload: Mapping[str, Any],
    account_id: int,
    expected_version: int,
) -> ReadingRecord:
    """Add an event to the reader's own reading; the same `event_uid` again adds nothing.

    kind, payload: as `lungcore.findings.reading` lists them. Raises ReadingChanged when the
    reading is not at `expected_version`, and LungcoreError when it cannot take the event.
    """
    reading = _find(session, reading_id)
    summary.lock(session, reading.series_id)
    session.refresh(reading)
    if reading.account_id != account_id:
        raise LungcoreError("records.reading_of_other")
    if _is_known(session, reading, event_uid):
        return _record(session, reading)
    if reading.version != expected_version:
        raise ReadingChanged("records.reading_changed")
    take_case(session, reading_id)
    state = _state(session, reading)
    check(state, cast(Kind, kind), payload)
    if kind == "sign" and reading.round != OWN and not state.is_answer:
        raise LungcoreError("records.no_answer")
    event = Event(
        event_uid, reading.events + 1, datetime.now(UTC), account_id, cast(Kind, kind), payload
    )
    _save(session, reading, event, step(state, event))
    return _record(session, reading)


def take_case(session: Session, reading_id: int) -> None:
    """Take the case that a reading is of, for its reader; nothing to take for a reader's own.

    Raises LungcoreError when others have it.
    """
    reading = _find(session, reading_id)
    if reading.round != OWN:
        leases.hold(session, _case(reading), reading.account_id, now=datetime.now(UTC))


def take_detection(session: Session, series_id: int) -> None:
    """Let readings show a detection that is now done, each with a new version.

    So nobody signs findings that were not on the screen. For this package.
    """
    session.flush()
    unpinned = session.scalars(
        select(ReadingRow).where(
            ReadingRow.series_id == series_id,
            ReadingRow.detection_id.is_(None),
            ReadingRow.signed_at.is_(None),
            ReadingRow.round.not_in(select(RoundRow.round_id).where(RoundRow.machine_hidden)),
        )
    )
    for reading in unpinned:
        reading.version += 1
        _summarise(reading, _state(session, reading))


def _summarise(reading: ReadingRow, state: ReadingState) -> None:
    reading.findings, reading.malignancy = len(state.kept), state.malignancy


def _save(session: Session, reading: ReadingRow, event: Event, state: ReadingState) -> None:
    session.add(
        EventRow(
            reading_id=reading.reading_id,
            seq=event.seq,
            event_uid=event.event_uid,
            at=event.at,
            account_id=event.account_id,
            kind=event.kind,
            payload=dict(event.payload),
        )
    )
    reading.detection_id = _shown_detection(session, reading)
    reading.events, reading.version = event.seq, reading.version + 1
    _summarise(reading, state)
    reading.saved_at = event.at
    if event.kind in ("sign", "reopen"):
        reading.signed_at = event.at if state.signed else None
    if reading.round != OWN and event.kind in ("sign", "reopen"):
        end = leases.finish if event.kind == "sign" else leases.resume
        end(session, _case(reading), reading.account_id, now=event.at)
    summary.refresh(session, reading.series_id)
    if event.kind in ("sign", "reopen"):
        _tell_audit(session, reading, event)


def _case(reading: ReadingRow) -> leases.Case:
    return reading.round, reading.series_id


def _tell_audit(session: Session, reading: ReadingRow, event: Event) -> None:
    account = session.get_one(AccountRow, event.account_id)
    series = session.get_one(SeriesRow, reading.series_id)
    audit.append(
        session,
        actor=account.username,
        action="reading.signed" if event.kind == "sign" else "reading.reopened",
        subject=series.series_uid,
        detail={"reading_id": reading.reading_id, "event_uid": event.event_uid, **event.payload},
    )


def _is_known(session: Session, reading: ReadingRow, event_uid: str) -> bool:
    if not 0 < len(event_uid) <= LONGEST_EVENT_UID:
        raise LungcoreError("findings.invalid", name="event_uid")
    owner = session.scalar(select(EventRow.reading_id).where(EventRow.event_uid == event_uid))
    if owner not in (None, reading.reading_id):
        raise LungcoreError("findings.invalid", name="event_uid")
    return owner is not None


def _round_now(session: Session, series: SeriesRow, account_id: int) -> int:
    found = blinding.round_of(session, series, account_id)
    return OWN if found is None else found.round_id


def _of_account(
    session: Session, series_id: int, account_id: int, number: int
) -> ReadingRow | None:
    return session.scalar(
        select(ReadingRow).where(
            ReadingRow.series_id == series_id,
            ReadingRow.account_id == account_id,
            ReadingRow.round == number,
        )
    )


def _find(session: Session, reading_id: int) -> ReadingRow:
    reading = session.get(ReadingRow, reading_id)
    if reading is None:
        raise LungcoreError("records.reading_unknown", reading_id=reading_id)
    return reading


def _shown_detection(session: Session, reading: ReadingRow) -> int | None:
    if reading.round != OWN and session.get_one(RoundRow, reading.round).machine_hidden:
        return None
    if reading.detection_id is None and reading.signed_at is None:
        return summary.latest_done(session, reading.series_id)
    return reading.detection_id


def _state(session: Session, reading: ReadingRow) -> ReadingState:
    machine = summary.machine_findings(session, _shown_detection(session, reading))
    return fold(machine, events(session, reading.reading_id))


def _models(session: Session, detection_id: int | None) -> Mapping[str, str]:
    if detection_id is None:
        return {}
    return dict(session.get_one(DetectionRow, detection_id).models)


def _round(session: Session, round_id: int) -> RoundOfReading | None:
    if round_id == OWN:
        return None
    row = session.get_one(RoundRow, round_id)
    return RoundOfReading(row.round_id, row.name, row.blinded, row.machine_hidden)


def _record(session: Session, reading: ReadingRow) -> ReadingRecord:
    session.flush()
    detection_id = _shown_detection(session, reading)
    return ReadingRecord(
        reading_id=reading.reading_id,
        series_uid=session.get_one(SeriesRow, reading.series_id).series_uid,
        account_id=reading.account_id,
        reader_name=session.get_one(AccountRow, reading.account_id).display_name,
        round=_round(session, reading.round),
        version=reading.version,
        state=_state(session, reading),
        detection_id=detection_id,
        models=_models(session, detection_id),
        signed_at=reading.signed_at,
        last_saved_at=reading.saved_at,
    )
