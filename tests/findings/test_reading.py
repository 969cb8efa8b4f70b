"""Readings fold the same in any replay; an undo and a redo are exact."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lungcore.errors import LungcoreError
from lungcore.findings.attributes import SCALES
from lungcore.findings.checking import check
from lungcore.findings.finding import Finding
from lungcore.findings.measurement import Measured
from lungcore.findings.reading import SAID, Event, ReadingState, fold, step
from lungcore.findings.said import LOBES, NODULE_TYPES, QUALITIES, NoduleLabel, ScanAnswer

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MACHINE = (
    Finding("1.1", (0.0, 0.0, 0.0), 5.0, 0.3, None),
    Finding("1.2", (1.0, 2.0, 3.0), 9.0, 0.9, 0.8),
    Finding("1.3", (4.0, 5.0, 6.0), 7.0, 0.5, 0.2),
)
UIDS = st.sampled_from(["1.1", "1.2", "1.3", "2.25.1", "2.25.2", "2.25.3"])
NUMBERS = st.floats(-500, 500)
PLACE = st.lists(NUMBERS, min_size=3, max_size=3)
LENGTH = st.floats(0.5, 100)
GEOMETRY = {"center_mm": PLACE, "diameter_mm": LENGTH}
SHAPE = {
    "axes_mm": st.lists(LENGTH, min_size=3, max_size=3),
    "mask": st.sampled_from(["0a" * 32, "b1" * 32]),
    "calipers_mm": st.lists(PLACE, min_size=4, max_size=4),
    "measured": st.fixed_dictionaries(dict.fromkeys(("long_mm", "short_mm", "volume_mm3"), LENGTH)),
}


LABEL = {
    "attributes": st.dictionaries(st.sampled_from(list(SCALES)), st.integers(1, 4)),
    "nodule_type": st.sampled_from(NODULE_TYPES),
    "lobe": st.sampled_from(LOBES),
    "confidence": st.integers(1, 5),
    "comment": st.text(max_size=5),
}
SCAN = {
    "no_nodules": st.booleans(),
    "quality": st.sampled_from(QUALITIES),
    "excluded": st.just("motion"),
}
OPTIONAL = {"edit": SHAPE, "add": SHAPE, "label": LABEL, "scan": SCAN}


def _attempt(kind: str, **payload: Any) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    optional = OPTIONAL.get(kind, {})
    return st.tuples(st.just(kind), st.fixed_dictionaries(payload, optional=optional))


ATTEMPTS = st.lists(
    st.one_of(
        _attempt("accept", finding_uid=UIDS),
        _attempt("reject", finding_uid=UIDS, reason=st.text(max_size=5)),
        _attempt("edit", finding_uid=UIDS, **GEOMETRY),
        _attempt("add", finding_uid=UIDS, **GEOMETRY),
        _attempt("label", finding_uid=UIDS),
        _attempt("scan"),
        _attempt("undo", event_uid=st.integers(1, 12).map(str)),
        _attempt("undo"),  # of the last decision: filled in below
        _attempt("redo", event_uid=st.integers(1, 12).map(str)),
        _attempt("redo"),
        _attempt("sign"),
        _attempt("reopen", reason=st.sampled_from(["", "second look"])),
    ),
    max_size=40,
)


def _event(seq: int, kind: str, payload: dict[str, Any]) -> Event:
    return Event(str(seq), seq, NOON, 1, kind, payload)  # type: ignore[arg-type]


def _play(attempts: list[tuple[str, dict[str, Any]]]) -> tuple[list[Event], list[ReadingState]]:
    """The events that `check` let through, and the state before each and after the last."""
    events: list[Event] = []
    states = [fold(MACHINE, [])]
    for kind, payload in attempts:
        if kind in ("undo", "redo") and not payload:
            payload = {"event_uid": getattr(states[-1], f"{kind}_target")}
        event = _event(len(events) + 1, kind, payload)
        try:
            check(states[-1], event.kind, payload)
        except LungcoreError:
            # Refused for an empty reason or for marks that say otherwise: nothing to the fold.
            if kind not in ("reopen", "scan") or (kind == "scan" and states[-1].signed):
                with pytest.raises(ValueError, match=f"event {event.event_uid} cannot"):
                    step(states[-1], event)
            continue
        events.append(event)
        states.append(step(states[-1], event))
    return events, states


@settings(deadline=None, max_examples=150)
@given(ATTEMPTS)
def test_any_replay_gives_the_same_states(attempts):
    events, states = _play(attempts)
    for count in range(len(events) + 1):
        assert fold(MACHINE, events[:count]) == states[count]
    assert fold(tuple(reversed(MACHINE)), events) == states[-1]


@settings(deadline=None, max_examples=150)
@given(ATTEMPTS)
def test_undo_is_exact(attempts):
    events, states = _play(attempts)
    before = {event.event_uid: state for event, state in zip(events, states, strict=False)}
    for event, after in zip(events, states[1:], strict=True):
        if event.kind == "undo":
            undone = before[event.payload["event_uid"]]
            assert after.held == undone.held
            assert after.changes == undone.changes


@settings(deadline=None, max_examples=150)
@given(ATTEMPTS, st.integers(1, 10))
def test_redoing_as_often_as_undone_changes_nothing(attempts, times):
    _, states = _play(attempts)
    state = states[-1]
    if state.signed:
        state = step(state, _event(90, "reopen", {"reason": "x"}))
    times = min(times, len(state.changes))
    passed = [state]
    for _ in range(times):
        undo = _event(91, "undo", {"event_uid": passed[-1].undo_target})
        passed.append(step(passed[-1], undo))
    again = passed[-1]
    for before in reversed(passed[:-1]):
        again = step(again, _event(92, "redo", {"event_uid": again.redo_target}))
        assert again == before


@settings(deadline=None, max_examples=100)
@given(ATTEMPTS)
def test_another_change_ends_redoing(attempts):
    events, states = _play(attempts)
    for event, after in zip(events, states[1:], strict=True):
        if event.kind in ("accept", "reject", "edit", "add", "label", "scan"):
            assert not after.can_redo


@settings(deadline=None, max_examples=100)
@given(ATTEMPTS)
def test_undoing_everything_gives_back_the_machine(attempts):
    _, states = _play(attempts)
    state = states[-1]
    if state.signed:
        state = step(state, _event(90, "reopen", {"reason": "x"}))
    while state.can_undo:
        state = step(state, _event(91, "undo", {"event_uid": state.undo_target}))
    assert (state.held, state.changes) == (fold(MACHINE, []).held, ())


@settings(deadline=None, max_examples=100)
@given(ATTEMPTS)
def test_no_nodules_and_nodules_are_never_said_at_once(attempts):
    for state in _play(attempts)[1]:
        said = any(finding.state in SAID for finding in state.findings)
        assert not (said and state.scan.no_nodules)


@settings(deadline=None, max_examples=100)
@given(ATTEMPTS)
def test_machine_findings_stay_in_front_by_probability_and_uids_stay_unique(attempts):
    _, states = _play(attempts)
    for state in states:
        uids = [finding.finding_uid for finding in state.findings]
        assert uids[:3] == ["1.2", "1.3", "1.1"]
        assert len(set(uids)) == len(uids)
        assert all(f.source == "reader" for f in state.findings[3:])


def _after(*acts: tuple[str, dict[str, Any]]) -> ReadingState:
    return fold(MACHINE, [_event(n, kind, payload) for n, (kind, payload) in enumerate(acts, 1)])


EDIT = ("edit", {"finding_uid": "1.2", "center_mm": [1, 1, 1], "diameter_mm": 10})
ADD = ("add", {"finding_uid": "2.25.9", "center_mm": [7, 7, 7], "diameter_mm": 3})


def test_each_decision_gives_its_state():
    assert _after().finding("1.2").state == "machine"
    assert _after(("accept", {"finding_uid": "1.2"})).finding("1.2").state == "accepted"
    rejected = _after(("reject", {"finding_uid": "1.2", "reason": "vessel"})).finding("1.2")
    assert (rejected.state, rejected.reason) == ("rejected", "vessel")
    edited = _after(EDIT).finding("1.2")
    assert edited == Finding("1.2", (1.0, 1.0, 1.0), 10.0, 0.9, 0.8, "edited")
    added = _after(ADD).finding("2.25.9")
    assert added == Finding("2.25.9", (7.0, 7.0, 7.0), 3.0, None, None, "added", "", "reader")


def test_an_edit_stays_an_edit_when_accepted_after_a_rejection():
    state = _after(EDIT, ("reject", {"finding_uid": "1.2"}), ("accept", {"finding_uid": "1.2"}))
    assert state.finding("1.2").state == "edited"
    assert state.finding("1.2").diameter_mm == 10.0


def test_an_edit_says_the_whole_shape():
    shape = {"axes_mm": [8, 9, 12], "mask": "0a" * 32, "calipers_mm": [[0, 0, 0]] * 4}
    measured = {"long_mm": 9, "short_mm": 8, "volume_mm3": 452.4}
    drawn = _after(("edit", EDIT[1] | shape | {"measured": measured})).finding("1.2")
    assert (drawn.axes_mm, drawn.mask) == ((8.0, 9.0, 12.0), "0a" * 32)
    assert drawn.measured == Measured(9, 8, 452.4)
    plain = _after(("edit", EDIT[1] | shape), EDIT).finding("1.2")
    assert (plain.axes_mm, plain.mask, plain.calipers_mm, plain.measured) == (None,) * 4


def test_kept_and_malignancy_leave_out_what_was_rejected():
    state = _after(("reject", {"finding_uid": "1.2"}), ADD)
    assert [finding.finding_uid for finding in state.kept] == ["1.3", "1.1", "2.25.9"]
    assert state.malignancy == 0.2
    assert _after().malignancy == 0.8


def test_nothing_can_be_undone_while_signed_and_all_after_reopening():
    signed = _after(EDIT, ("sign", {}))
    assert signed.signed and not signed.can_undo
    reopened = _after(EDIT, ("sign", {}), ("reopen", {"reason": "more"}))
    assert reopened.undo_target == "1"


def test_a_label_says_all_of_a_nodule_and_changes_no_decision():
    first = {"finding_uid": "1.2", "attributes": {"texture": 5}, "lobe": "lingula"}
    said = _after(EDIT, ("label", first)).finding("1.2")
    assert (said.state, said.label) == ("edited", NoduleLabel({"texture": 5}, lobe="lingula"))
    again = _after(EDIT, ("label", first), ("label", {"finding_uid": "1.2", "confidence": 2}))
    assert again.finding("1.2").label == NoduleLabel(confidence=2)
    kept = _after(("label", first), EDIT, ("reject", {"finding_uid": "1.2"})).finding("1.2")
    assert kept.label == said.label


def test_no_nodules_is_an_answer_until_a_mark_takes_it_back():
    none = ("scan", {"no_nodules": True, "quality": "good"})
    assert not _after().is_answer
    assert _after(none).is_answer
    assert _after(none).scan == ScanAnswer(True, "good")
    marked = _after(none, ADD)
    assert marked.is_answer
    assert marked.scan == ScanAnswer(False, "good")
    assert _after(none, ADD, ("undo", {"event_uid": "2"})).scan == ScanAnswer(True, "good")
    assert _after(("scan", {"excluded": "no lung"})).is_answer
