"""A reading as the fold of its events. Nothing is ever changed: an undo is one more event.

What was undone can be redone until another decision is made. Signing and reopening are none.

Payloads, by kind of event:

| kind   | payload |
|--------|---------|
| accept | finding_uid |
| reject | finding_uid, reason (may be absent) |
| edit   | finding_uid, center_mm, diameter_mm; may be absent: OPTIONAL |
| add    | finding_uid (new), center_mm, diameter_mm; may be absent: OPTIONAL |
| label  | finding_uid; may be absent: LABEL |
| scan   | may be absent: SCAN |
| undo   | event_uid of the event that is taken back |
| redo   | event_uid of the event that was taken back last |
| sign   | nothing |
| reopen | reason |

An edit says the whole shape, a label all that is said of the nodule, and `scan` all that is said of
the scan: what they leave out is gone. Who keeps or adds a mark takes "no nodules" back. `measured`
is what the server measured of a shape when the event was saved (`lungcore.records.masks`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import reduce
from typing import Any, Literal

from lungcore.findings.finding import Calipers, Finding, FindingState, Position
from lungcore.findings.measurement import Measured
from lungcore.findings.said import NoduleLabel, ScanAnswer

Kind = Literal["accept", "reject", "edit", "add", "label", "scan", "undo", "redo", "sign", "reopen"]
OPTIONAL = ("axes_mm", "mask", "calipers_mm", "measured", "reason")
LABEL = ("attributes", "nodule_type", "lobe", "confidence", "comment")
SCAN = ("no_nodules", "quality", "excluded")
SAID: tuple[FindingState, ...] = ("accepted", "edited", "added")  # decided to be a nodule


@dataclass(frozen=True, slots=True)
class Event:
    """One act of a reader. `seq` counts from 1 within the reading; `at` is in UTC."""

    event_uid: str
    seq: int
    at: datetime
    account_id: int
    kind: Kind
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """What decisions change: the findings, and what is said of the scan."""

    findings: tuple[Finding, ...]
    scan: ScanAnswer = field(default_factory=ScanAnswer)


@dataclass(frozen=True, slots=True)
class Change:
    """A decision that can be undone. finding_uid: what was decided on, "" for the scan."""

    event_uid: str
    kind: Kind
    finding_uid: str
    before: Held
    after: Held


@dataclass(frozen=True, slots=True)
class ReadingState:
    """What a reading holds after its events.

    held: findings, the machine's by falling probability, then the reader's in the order of adding;
        and the answer on the scan.
    changes: the decisions not undone, oldest first.
    undone: the decisions that can be redone, the one undone last at the end.
    """

    held: Held
    signed: bool = False
    changes: tuple[Change, ...] = ()
    undone: tuple[Change, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The machine's and the reader's, rejected ones too."""
        return self.held.findings

    @property
    def scan(self) -> ScanAnswer:
        """What is said of the scan."""
        return self.held.scan

    @property
    def is_answer(self) -> bool:
        """Whether it says what the scan shows: nodules, that there are none, or why not."""
        said = any(finding.state in SAID for finding in self.findings)
        return said or self.scan.no_nodules or bool(self.scan.excluded)

    @property
    def undo_target(self) -> str | None:
        """The event that an undo takes back, or None."""
        return self.changes[-1].event_uid if self.changes and not self.signed else None

    @property
    def can_undo(self) -> bool:
        """Whether there is a decision to take back."""
        return self.undo_target is not None

    @property
    def redo_target(self) -> str | None:
        """The event that a redo brings back, or None."""
        return self.undone[-1].event_uid if self.undone and not self.signed else None

    @property
    def can_redo(self) -> bool:
        """Whether there is a decision to bring back."""
        return self.redo_target is not None

    def finding(self, finding_uid: str) -> Finding | None:
        """The finding of that uid, or None."""
        return next((f for f in self.findings if f.finding_uid == finding_uid), None)

    @property
    def kept(self) -> tuple[Finding, ...]:
        """The findings that are not rejected."""
        return tuple(f for f in self.findings if f.state != "rejected")

    @property
    def malignancy(self) -> float | None:
        """The highest malignancy of the findings kept, 0 to 1; None when none is rated."""
        return max((f.malignancy for f in self.kept if f.malignancy is not None), default=None)


def fold(machine: Sequence[Finding], events: Sequence[Event]) -> ReadingState:
    """The state after `events`, which `check` has let through one after the other.

    Raises ValueError at an event that cannot follow those before it.
    """
    ranked = sorted(machine, key=lambda finding: -(finding.probability or 0.0))
    return reduce(step, events, ReadingState(Held(tuple(ranked))))


def step(state: ReadingState, event: Event) -> ReadingState:
    """The state after one more event. Raises ValueError when the event cannot be."""
    if (event.kind == "reopen") != state.signed:
        raise ValueError(f"event {event.event_uid} cannot {event.kind}: signed={state.signed}")
    match event.kind:
        case "undo":
            return _undone(state, event)
        case "redo":
            return _redone(state, event)
        case "sign":
            return replace(state, signed=True)
        case "reopen":
            return replace(state, signed=False)
        case _:
            return _changed(state, event)


def _changed(state: ReadingState, event: Event) -> ReadingState:
    finding_uid = event.payload.get("finding_uid", "")
    if event.kind == "scan":
        after = replace(state.held, scan=ScanAnswer.of_payload(event.payload))
    else:
        after = _held_after(state, event, finding_uid)
    change = Change(event.event_uid, event.kind, finding_uid, state.held, after)
    return replace(state, held=after, changes=(*state.changes, change), undone=())


def _held_after(state: ReadingState, event: Event, finding_uid: str) -> Held:
    before = state.finding(finding_uid)
    if (before is None) != (event.kind == "add"):
        raise ValueError(f"event {event.event_uid} cannot {event.kind} finding {finding_uid}")
    after = _added(event) if before is None else _decided(state, before, event)
    scan = state.scan
    if scan.no_nodules and event.kind in ("accept", "edit", "add"):
        scan = replace(scan, no_nodules=False)
    return Held(_with(state.findings, after), scan)


def _added(event: Event) -> Finding:
    return Finding(
        finding_uid=event.payload["finding_uid"],
        state="added",
        reason=event.payload.get("reason", ""),
        source="reader",
        **_shape(event.payload),
    )


def _decided(state: ReadingState, before: Finding, event: Event) -> Finding:
    if event.kind == "label":
        return replace(before, label=NoduleLabel.of_payload(event.payload))
    reason = event.payload.get("reason", "")
    if event.kind == "reject":
        return replace(before, state="rejected", reason=reason)
    if event.kind == "accept":
        return replace(before, state=_kept_state(state, before), reason=reason)
    return replace(
        before,
        state="edited" if before.source == "machine" else "added",
        reason=reason,
        **_shape(event.payload),
    )


def _shape(payload: Mapping[str, Any]) -> dict[str, Any]:
    axes_mm, measured = payload.get("axes_mm"), payload.get("measured")
    return {
        "center_mm": _three(payload["center_mm"]),
        "diameter_mm": float(payload["diameter_mm"]),
        "axes_mm": None if axes_mm is None else _three(axes_mm),
        "mask": payload.get("mask"),
        "calipers_mm": _calipers_mm(payload.get("calipers_mm")),
        "measured": None if measured is None else Measured(**measured),
    }


def _three(numbers: Sequence[float]) -> Position:
    x, y, z = numbers
    return float(x), float(y), float(z)


def _calipers_mm(ends: Sequence[Sequence[float]] | None) -> Calipers | None:
    if ends is None:
        return None
    from_long, to_long, from_short, to_short = map(_three, ends)
    return from_long, to_long, from_short, to_short


def _kept_state(state: ReadingState, finding: Finding) -> FindingState:
    """What an accepted finding is: an edit stays an edit, a reader's own mark stays added."""
    if finding.source == "reader":
        return "added"
    edited = any(c.kind == "edit" and c.finding_uid == finding.finding_uid for c in state.changes)
    return "edited" if edited else "accepted"


def _undone(state: ReadingState, event: Event) -> ReadingState:
    if not state.changes or event.payload["event_uid"] != state.changes[-1].event_uid:
        raise ValueError(f"event {event.event_uid} cannot undo {event.payload['event_uid']}")
    last = state.changes[-1]
    return replace(
        state, held=last.before, changes=state.changes[:-1], undone=(*state.undone, last)
    )


def _redone(state: ReadingState, event: Event) -> ReadingState:
    if not state.undone or event.payload["event_uid"] != state.undone[-1].event_uid:
        raise ValueError(f"event {event.event_uid} cannot redo {event.payload['event_uid']}")
    last = state.undone[-1]
    return replace(state, held=last.after, changes=(*state.changes, last), undone=state.undone[:-1])


def _with(findings: tuple[Finding, ...], new: Finding) -> tuple[Finding, ...]:
    """`new` in the place of the finding of its uid, or at the end."""
    if all(f.finding_uid != new.finding_uid for f in findings):
        return (*findings, new)
    return tuple(new if f.finding_uid == new.finding_uid else f for f in findings)
