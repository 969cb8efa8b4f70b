"""An adjudication as the fold of its events: what becomes of the nodules that readers marked.

Nothing is ever changed: a decision is taken back by one more event, and then it is as if it had
never been made. Payloads, by kind of event:

| kind      | payload |
|-----------|---------|
| begin     | readers, groups: what each said, and which marks are of one nodule |
| decide    | group, nodule, reason; of a nodule also outline and ratings |
| rest      | method, reason: of all groups that are not decided one by one |
| take_back | seq of the decide or the rest |
| finish    | nothing; the layer that was made of it is beside the event |
| reopen    | reason |
| withdraw  | reason: what was finished does not count any more |

A begin lays out anew what readers say. Decisions of one nodule stay where every reader still says
the same of it; those of all the rest do not. A reopened adjudication counts as it was last
finished, until it is finished again or withdrawn.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from hashlib import sha256
from typing import Any, Literal, cast

from lungcore.errors import LungcoreError
from lungcore.findings.consensus import METHODS, Member, Method, is_voted

Kind = Literal["begin", "decide", "rest", "take_back", "finish", "reopen", "withdraw"]
Ratings = Literal["median"] | int
MEDIAN: Literal["median"] = "median"
LONGEST_REASON = 2000
REASONED = ("decide", "rest", "reopen", "withdraw")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "begin": (),
    "decide": ("group", "nodule", "outline", "ratings", "reason"),
    "rest": ("method", "reason"),
    "take_back": ("seq",),
    "finish": (),
    "reopen": ("reason",),
    "withdraw": ("reason",),
}


@dataclass(frozen=True, slots=True)
class Event:
    """One act. `seq` counts from 1 within the series; a begin's payload is what readers said."""

    seq: int
    account_id: int
    kind: Kind
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a group. seq: the event that says so.

    outline, ratings: whose, by the number of the reader, or how they come of all who marked it.
    """

    seq: int
    is_nodule: bool
    outline: Method | int = "vote"
    ratings: Ratings = MEDIAN
    reason: str = ""


@dataclass(frozen=True)
class Adjudication:
    """How it stands after its events.

    readers: as the begin has them: `reader`, a name, and `marks`. groups: the marks of each nodule.
    made: decisions in force. counts: the finish whose layer counts, or None.
    """

    seq: int = 0
    readers: Sequence[Mapping[str, Any]] = ()
    groups: tuple[tuple[Member, ...], ...] = ()
    made: tuple[Event, ...] = ()
    is_finished: bool = False
    counts: int | None = None

    @property
    def is_begun(self) -> bool:
        """Whether anything was laid before the adjudicator."""
        return len(self.readers) > 0

    @cached_property
    def decisions(self) -> Mapping[int, Decision]:
        """By group: one by one before all the rest, the later before the earlier."""
        found: dict[int, Decision] = {}
        for event in self.made:
            if event.kind == "rest":
                found |= self._proposals(event)
        return found | {
            event.payload["group"]: _decision(event)
            for event in self.made
            if event.kind == "decide"
        }

    def _proposals(self, rest: Event) -> dict[int, Decision]:
        count, method = len(self.readers), rest.payload["method"]
        proposals = [proposal(len(group), count, method, rest.seq) for group in self.groups]
        return {n: replace(one, reason=rest.payload["reason"]) for n, one in enumerate(proposals)}

    @property
    def is_decided(self) -> bool:
        """Whether there is a decision on every group."""
        return len(self.decisions) == len(self.groups)


def proposal(marked: int, readers: int, method: Method, seq: int = 0) -> Decision:
    """What the readers themselves make of a group: a nodule where more than half marked it."""
    return Decision(seq, is_voted(marked, readers), method)


def fold(events: Sequence[Event]) -> Adjudication:
    """How it stands after `events`, which `check` has let through one after the other.

    Raises ValueError at an event that cannot follow those before it.
    """
    return reduce(step, events, Adjudication())


def step(state: Adjudication, event: Event) -> Adjudication:
    """How it stands after one more event. Raises ValueError when the event cannot be."""
    if event.seq != state.seq + 1 or _forbidden(state, event.kind, event.payload):
        raise ValueError(f"event {event.seq} cannot {event.kind} after {state.seq}")
    state = replace(state, seq=event.seq)
    match event.kind:
        case "begin":
            return _begun(state, event.payload)
        case "take_back":
            back = event.payload["seq"]
            return replace(state, made=tuple(one for one in state.made if one.seq != back))
        case "finish":
            return replace(state, is_finished=True, counts=event.seq)
        case "reopen":
            return replace(state, is_finished=False)
        case "withdraw":
            return replace(state, is_finished=False, counts=None)
        case _:
            return replace(state, made=(*state.made, event))


def check(state: Adjudication, kind: Any, payload: Any) -> None:
    """Let through an event that `fold` can take after `state`. Raises LungcoreError otherwise."""
    if not isinstance(kind, str) or kind not in FIELDS:
        raise LungcoreError("findings.invalid", name="kind")
    if not isinstance(payload, dict) or set(payload) - set(FIELDS[kind]):
        raise LungcoreError("findings.invalid", name="payload")
    if kind in REASONED:
        reason = payload.get("reason")
        if not isinstance(reason, str) or len(reason) > LONGEST_REASON:
            raise LungcoreError("findings.invalid", name="reason")
        if not reason.strip():
            raise LungcoreError("findings.reason_missing")
    why = _forbidden(state, cast(Kind, kind), payload)
    if why in FIELDS[kind]:
        raise LungcoreError("findings.invalid", name=why)
    if why:
        raise LungcoreError(f"adjudication.refused_{why}")


def lettered(series_uid: str, readers: Sequence[str]) -> list[str]:
    """The readers in an order that favours nobody: by chance, and the same whenever it is asked."""
    return sorted(readers, key=lambda name: sha256(f"{series_uid}/{name}".encode()).digest())


def _begun(state: Adjudication, payload: Mapping[str, Any]) -> Adjudication:
    readers = tuple(payload["readers"])
    groups = tuple(tuple(Member(*member) for member in group) for group in payload["groups"])
    places = {_said(readers, group): number for number, group in enumerate(groups)}
    numbers = {reader["reader"]: number for number, reader in enumerate(readers)}
    made = []
    for event in state.made:
        if event.kind == "decide":
            place = places.get(_said(state.readers, state.groups[event.payload["group"]]))
            if place is not None:
                made.append(_renumbered(event, place, state.readers, numbers))
    return replace(state, readers=readers, groups=groups, made=tuple(made))


def _said(
    readers: Sequence[Mapping[str, Any]], group: Sequence[Member]
) -> frozenset[tuple[str, str]]:
    """Who says what of a nodule."""
    return frozenset(
        (
            readers[member.reader]["reader"],
            json.dumps(readers[member.reader]["marks"][member.nodule], sort_keys=True),
        )
        for member in group
    )


def _renumbered(
    event: Event, group: int, readers: Sequence[Mapping[str, Any]], numbers: Mapping[str, int]
) -> Event:
    """A decision about the same marks, when they and their readers have other numbers."""
    whose = {
        name: numbers[readers[given]["reader"]]
        for name in ("outline", "ratings")
        if isinstance(given := event.payload.get(name), int)
    }
    return replace(event, payload={**event.payload, "group": group, **whose})


def _forbidden(state: Adjudication, kind: Kind, payload: Mapping[str, Any]) -> str:
    """The field that cannot be, or the key of what the state forbids; "" where nothing does."""
    if kind == "reopen":
        return "" if state.is_finished else "not_finished"
    if kind == "withdraw":
        return "" if state.counts is not None else "nothing_counts"
    if state.is_finished:
        return "finished"
    if kind == "begin":
        return ""
    if not state.is_begun:
        return "not_begun"
    if kind == "finish":
        return "" if state.is_decided else "undecided"
    if kind == "take_back":
        back = payload.get("seq")
        known = type(back) is int and back in {event.seq for event in state.made}
        return "" if known else "nothing_to_take_back"
    if kind == "rest":
        return "" if payload.get("method") in METHODS else "method"
    return _wrong(state, payload)


def _wrong(state: Adjudication, payload: Mapping[str, Any]) -> str:
    """The field of a single decision that cannot be."""
    number, is_nodule = payload.get("group"), payload.get("nodule")
    if type(number) is not int or not 0 <= number < len(state.groups):
        return "group"
    if type(is_nodule) is not bool:
        return "nodule"
    whose = {member.reader for member in state.groups[number]}
    for name, others in (("outline", METHODS), ("ratings", (MEDIAN,))):
        given = payload.get(name)
        is_known = given in whose if type(given) is int else given in others
        if not (is_known if is_nodule else given is None):
            return name
    return ""


def _decision(event: Event) -> Decision:
    said = event.payload
    if not said["nodule"]:
        return Decision(event.seq, False, reason=said["reason"])
    return Decision(event.seq, True, said["outline"], said["ratings"], said["reason"])
