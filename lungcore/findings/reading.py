"""A reading as the fold of its events. Nothing is ever changed: an undo is one more event.

Payloads, by kind of event:

| kind   | payload |
|--------|---------|
| accept | finding_uid |
| reject | finding_uid, reason (may be absent) |
| edit   | finding_uid, center_mm, diameter_mm, reason (may be absent) |
| add    | finding_uid (new), center_mm, diameter_mm, reason (may be absent) |
| undo   | event_uid of the event that is taken back |
| sign   | nothing |
| reopen | reason |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from typing import Any, Literal

from lungcore.findings.finding import Finding, FindingState, Position

Kind = Literal["accept", "reject", "edit", "add", "undo", "sign", "reopen"]


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
class Change:
    """A decision that can be undone: `before` is None when it added the finding."""

    event_uid: str
    kind: Kind
    finding_uid: str
    before: Finding | None


@dataclass(frozen=True, slots=True)
class ReadingState:
    """What a reading holds after its events.

    findings: the machine's by falling probability, then the reader's in the order of adding.
    changes: the decisions not undone, oldest first.
    """

    findings: tuple[Finding, ...]
    signed: bool = False
    changes: tuple[Change, ...] = ()

    @property
    def undo_target(self) -> str | None:
        """The event that an undo takes back, or None."""
        return self.changes[-1].event_uid if self.changes and not self.signed else None

    @property
    def can_undo(self) -> bool:
        """Whether there is a decision to take back."""
        return self.undo_target is not None

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
    return reduce(step, events, ReadingState(tuple(ranked)))


def step(state: ReadingState, event: Event) -> ReadingState:
    """The state after one more event. Raises ValueError when the event cannot be."""
    if (event.kind == "reopen") != state.signed:
        raise ValueError(f"event {event.event_uid} cannot {event.kind}: signed={state.signed}")
    match event.kind:
        case "undo":
            return _undone(state, event)
        case "sign":
            return replace(state, signed=True)
        case "reopen":
            return replace(state, signed=False)
        case _:
            return _changed(state, event)


def _changed(state: ReadingState, event: Event) -> ReadingState:
    finding_uid = event.payload["finding_uid"]
    before = state.finding(finding_uid)
    if (before is None) != (event.kind == "add"):
        raise ValueError(f"event {event.event_uid} cannot {event.kind} finding {finding_uid}")
    after = _added(event) if before is None else _decided(state, before, event)
    change = Change(event.event_uid, event.kind, finding_uid, before)
    return replace(
        state,
        findings=_with(state.findings, after),
        changes=(*state.changes, change),
    )


def _added(event: Event) -> Finding:
    return Finding(
        finding_uid=event.payload["finding_uid"],
        center_mm=_center_mm(event),
        diameter_mm=float(event.payload["diameter_mm"]),
        state="added",
        reason=event.payload.get("reason", ""),
        source="reader",
    )


def _decided(state: ReadingState, before: Finding, event: Event) -> Finding:
    reason = event.payload.get("reason", "")
    if event.kind == "reject":
        return replace(before, state="rejected", reason=reason)
    if event.kind == "accept":
        return replace(before, state=_kept_state(state, before), reason=reason)
    return replace(
        before,
        center_mm=_center_mm(event),
        diameter_mm=float(event.payload["diameter_mm"]),
        state="edited" if before.source == "machine" else "added",
        reason=reason,
    )


def _center_mm(event: Event) -> Position:
    x, y, z = event.payload["center_mm"]
    return float(x), float(y), float(z)


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
    if last.before is None:
        findings = tuple(f for f in state.findings if f.finding_uid != last.finding_uid)
    else:
        findings = _with(state.findings, last.before)
    return replace(state, findings=findings, changes=state.changes[:-1])


def _with(findings: tuple[Finding, ...], new: Finding) -> tuple[Finding, ...]:
    """`new` in the place of the finding of its uid, or at the end."""
    if all(f.finding_uid != new.finding_uid for f in findings):
        return (*findings, new)
    return tuple(new if f.finding_uid == new.finding_uid else f for f in findings)
