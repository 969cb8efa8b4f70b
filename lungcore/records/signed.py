"""Signed readings as labels: what their readers decided to be nodules.

A signature closes a reading, but it can be reopened; so who keeps one names its last event, and
finds what it was then.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from typing import cast

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from lungcore.findings.finding import Finding
from lungcore.findings.labels import LabelSet, Mark
from lungcore.findings.mask import Mask
from lungcore.findings.reading import SAID, Event, Kind, ReadingState, fold
from lungcore.findings.voxels import ellipsoid
from lungcore.records.masks import MaskStore
from lungcore.records.round_tables import OWN
from lungcore.records.series import Voxelled
from lungcore.records.tables import EventRow, MachineFindingRow, ReadingRow, SeriesRow

READER = re.compile(r"account-([0-9]{1,9})(?:-round-([1-9][0-9]{0,8}))?")


@dataclass(frozen=True, kw_only=True)
class SignedReading:
    """A reading up to a signature. reader: by the number of the account, and of its round if any.

    machine: what the detection found that it shows.
    """

    series_id: int
    series_uid: str
    reader: str
    detection_id: int | None
    machine: Sequence[Finding]
    events: Sequence[Event]

    @cached_property
    def state(self) -> ReadingState:
        """The reading when it was signed."""
        return fold(self.machine, self.events)

    @property
    def is_decided(self) -> bool:
        """Whether the reader decided on all that the machine found."""
        return all(finding.state != "machine" for finding in self.state.findings)

    @property
    def signed_at(self) -> datetime:
        """When it was signed, in UTC."""
        return self.events[-1].at

    @property
    def last_event(self) -> str:
        """The event that it is known by."""
        return self.events[-1].event_uid

    @cached_property
    def sha256(self) -> str:
        """Of its events, and of the machine's findings that they are about."""
        said = [[e.event_uid, e.kind, dict(e.payload)] for e in self.events]
        named = {event.payload.get("finding_uid") for event in self.events}
        machine = {f.finding_uid: asdict(f) for f in self.machine if f.finding_uid in named}
        canonical = json.dumps(
            {"events": said, "machine": machine},
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )
        return hashlib.sha256(canonical.encode()).hexdigest()

    def labels(self, series: Voxelled | None = None, masks: MaskStore | None = None) -> LabelSet:
        """The nodules that the reader decided for; with voxels where series and masks are given.

        Raises LungcoreError when a mask is unknown.
        """
        found = [finding for finding in self.state.findings if finding.state in SAID]
        marks = [
            place_of(one) if series is None or masks is None else mark_of(one, series, masks)
            for one in found
        ]
        return LabelSet(series_uid=self.series_uid, reader=self.reader, marks=tuple(marks))


def signed(session: Session, *where: ColumnElement[bool]) -> list[SignedReading]:
    """The readings that are signed now, oldest first. where: of `SeriesRow` and `ReadingRow`.

    One that excludes the scan is none of them: it says nothing of it.
    """
    found = signed_or_excluded(session, *where)
    return [reading for reading in found if not reading.state.scan.excluded]


def signed_or_excluded(session: Session, *where: ColumnElement[bool]) -> list[SignedReading]:
    """As `signed`, with those that exclude the scan."""
    return _read(session, ReadingRow.signed_at.is_not(None), *where)


def of_series(session: Session, series_uid: str) -> list[SignedReading]:
    """The readings of one series that are signed now, oldest first."""
    return signed(session, SeriesRow.series_uid == series_uid)


def readers(session: Session, *where: ColumnElement[bool]) -> list[str]:
    """Who has signed a reading. where: of `ReadingRow`."""
    columns = select(ReadingRow.account_id, ReadingRow.round)
    query = columns.where(ReadingRow.signed_at.is_not(None), *where).distinct()
    return sorted(_name(account_id, number) for account_id, number in session.execute(query))


def as_of(session: Session, event_uid: str) -> SignedReading | None:
    """The reading up to that event, whatever came later; None when there is no such event."""
    event = session.scalar(select(EventRow).where(EventRow.event_uid == event_uid))
    if event is None:
        return None
    [reading] = _read(session, ReadingRow.reading_id == event.reading_id, upto=event.seq)
    return reading


def account_of(reader: str) -> tuple[int, int] | None:
    """The account and the round of a reader's name, or None for a name that is no account's."""
    found = READER.fullmatch(reader)
    return (int(found[1]), int(found[2] or OWN)) if found else None


def _name(account_id: int, number: int) -> str:
    return f"account-{account_id}" + ("" if number == OWN else f"-round-{number}")


def _read(
    session: Session, *where: ColumnElement[bool], upto: int | None = None
) -> list[SignedReading]:
    readings = session.execute(
        select(ReadingRow.reading_id, ReadingRow.account_id, ReadingRow.round)
        .add_columns(ReadingRow.detection_id, ReadingRow.series_id, SeriesRow.series_uid)
        .join(SeriesRow, SeriesRow.series_id == ReadingRow.series_id)
        .where(*where)
        .order_by(ReadingRow.reading_id)
    ).all()
    events = _events(session, *where, *([] if upto is None else [EventRow.seq <= upto]))
    machine = _machine(session, *where)
    return [
        SignedReading(
            series_id=row.series_id,
            series_uid=row.series_uid,
            reader=_name(row.account_id, row.round),
            detection_id=row.detection_id,
            machine=machine.get(row.detection_id, []),
            events=events.get(row.reading_id, []),
        )
        for row in readings
    ]


def _events(session: Session, *where: ColumnElement[bool]) -> dict[int, list[Event]]:
    rows = session.execute(
        select(EventRow.reading_id, EventRow.event_uid, EventRow.seq, EventRow.at)
        .add_columns(EventRow.account_id, EventRow.kind, EventRow.payload)
        .join(ReadingRow, ReadingRow.reading_id == EventRow.reading_id)
        .join(SeriesRow, SeriesRow.series_id == ReadingRow.series_id)
        .where(*where)
        .order_by(EventRow.reading_id, EventRow.seq)
    )
    found: dict[int, list[Event]] = {}
    for reading_id, event_uid, seq, at, account_id, kind, payload in rows:
        event = Event(event_uid, seq, at, account_id, cast(Kind, kind), payload)
        found.setdefault(reading_id, []).append(event)
    return found


def _machine(session: Session, *where: ColumnElement[bool]) -> dict[int | None, list[Finding]]:
    shown = (
        select(ReadingRow.detection_id)
        .join(SeriesRow, SeriesRow.series_id == ReadingRow.series_id)
        .where(*where)
    )
    row = MachineFindingRow
    rows = session.execute(
        select(row.detection_id, row.finding_uid, row.x_mm, row.y_mm, row.z_mm, row.diameter_mm)
        .add_columns(row.probability, row.malignancy, row.attributes)
        .where(row.detection_id.in_(shown))
        .order_by(row.detection_id, row.rank)
    )
    found: dict[int | None, list[Finding]] = {}
    for detection_id, uid, x, y, z, diameter_mm, probability, malignancy, attributes in rows:
        finding = Finding(
            finding_uid=uid,
            center_mm=(x, y, z),
            diameter_mm=diameter_mm,
            probability=probability,
            malignancy=malignancy,
            attributes=attributes,
        )
        found.setdefault(detection_id, []).append(finding)
    return found


def mark_of(finding: Finding, series: Voxelled, masks: MaskStore) -> Mark:
    """The finding as a mark, with its voxels where the reader gave a shape."""
    mask = None
    if finding.mask is not None:
        mask = masks.read(series, finding.mask)
    elif finding.axes_mm is not None:
        mask = ellipsoid(finding.center_mm, finding.axes_mm, series.grid)
    return place_of(finding, mask)


def place_of(finding: Finding, mask: Mask | None = None) -> Mark:
    """The finding as a mark, rated as its reader did: the machine's attributes are no ratings."""
    return Mark(
        name=finding.finding_uid,
        kind="nodule",
        center_mm=finding.center_mm,
        diameter_mm=finding.diameter_mm,
        attributes=dict(finding.label.attributes) if finding.label else {},
        mask=mask,
    )
