"""What a merge keeps, by any acts of two pages on one reading: the browser's merge, our fold.

`base` is what both pages had, `there` what the other made of it, `mine` what this page showed.
Every event of mine is sent, or told by name; only an event and its undo cancel out. Nothing that is
sent is refused. A subject (a finding, the scan) that the other changed stays as it is there unless
the reader chose "mine"; one that the other left alone becomes what was on this page.
"""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lungcore.errors import LungcoreError
from lungcore.findings.checking import check
from lungcore.findings.finding import Finding
from lungcore.findings.reading import Event, ReadingState, fold, step
from lungcore.findings.said import NoduleLabel
from lungcore.web.describe import describe_finding
from tests.findings.test_reading import MACHINE, NOON
from tests.viewer.test_viewer_scripts import NODE, ROOT

SCAN = "scan"
SHAPE = ("center_mm", "diameter_mm", "axes_mm", "mask", "calipers_mm", "measured")
MARKING = ("accept", "edit", "add")
# Few findings and few values: the two pages are to meet often, and to come to the same at times.
UIDS = ("1.1", "1.2", "2.25.1")
UID = st.sampled_from(UIDS)
CHOICES = st.fixed_dictionaries(
    dict.fromkeys((*UIDS, SCAN), st.sampled_from(["mine", "theirs"])),
)
DRAWN = {
    "finding_uid": UID,
    "center_mm": st.just([1.0, 2.0, 3.0]),
    "diameter_mm": st.sampled_from([5.0, 9.5]),
}
OPTIONS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "edit": {"mask": st.just("0a" * 32), "axes_mm": st.just([5.0, 6.0, 7.0])},
    "label": {"comment": st.sampled_from(["a", "b"]), "attributes": st.just({"margin": 3})},
    "scan": {"no_nodules": st.booleans(), "quality": st.sampled_from(["good", "poor"])},
}
ACTS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "accept": {"finding_uid": UID},
    "reject": {"finding_uid": UID, "reason": st.sampled_from(["", "scar"])},
    "edit": DRAWN,
    "add": DRAWN | {"finding_uid": st.just("2.25.1")},
    "label": {"finding_uid": UID},
    "scan": {},
    "undo": {},
    "redo": {},
}
SELDOM: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "sign": {},
    "reopen": {"reason": st.just("second look")},
}


def act(kind: str, fields: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    payload = st.fixed_dictionaries(fields, optional=OPTIONS.get(kind, {}))
    return st.tuples(st.just(kind), payload)


DECISIONS = st.one_of(*(act(kind, fields) for kind, fields in ACTS.items()))
ANY = st.one_of(*(act(kind, fields) for kind, fields in (ACTS | SELDOM).items()))
Attempts = list[tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def browser() -> Iterator[subprocess.Popen[str]]:
    """Node, ready to merge."""
    with subprocess.Popen(
        [NODE, ROOT / "tests" / "viewer" / "merging.mjs"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


def play(state: ReadingState, attempts: Attempts, name: str) -> tuple[list[Event], ReadingState]:
    """The events that can be after `state`, and what comes of them; undo stays within them."""
    depth, events = len(state.changes), []
    for number, (kind, payload) in enumerate(attempts):
        if kind == "undo" and len(state.changes) <= depth:
            continue
        if kind == "redo" and not events:
            continue
        if kind in ("undo", "redo"):
            payload = {"event_uid": getattr(state, f"{kind}_target")}
        event = Event(f"{name}{number}", number, NOON, 1, kind, payload)
        try:
            check(state, event.kind, payload)
            after = step(state, event)
        except LungcoreError:
            continue
        if kind == "redo" and event.payload["event_uid"] not in {e.event_uid for e in events}:
            continue
        events.append(event)
        state = after
    return events, state


def told(state: ReadingState) -> dict[str, Any]:
    """A reading as the browser has it."""
    return {
        "reading": {"reading_id": 1, "version": 1, "signed": state.signed},
        "findings": [describe_finding(finding) for finding in state.findings],
        "scan": asdict(state.scan),
        "undo_target": state.undo_target,
        "redo_target": state.redo_target,
    }


@dataclass(frozen=True)
class Case:
    """Two pages after the same base, the merge of the browser, and the reading after it."""

    base: ReadingState
    there: ReadingState
    mine: ReadingState
    events: list[Event]
    outcome: dict[str, list[Any]]
    choices: dict[str, str]

    @property
    def result(self) -> ReadingState:
        """The reading when all that is sent is saved; `check` must let it through."""
        state, by_uid = self.there, {event.event_uid: event for event in self.events}
        for sent in self.outcome["send"]:
            event = by_uid[sent["event_uid"]]
            check(state, event.kind, event.payload)
            state = step(state, event)
        return state

    def about(self, part: str, subject: str) -> list[dict[str, Any]]:
        """The events of a part of the outcome that are about a subject."""
        return [event for event in self.outcome[part] if subject_of(event) == subject]

    def subjects(self) -> list[str]:
        """Every finding that there is on any side."""
        states = (self.base, self.there, self.mine, self.result)
        return sorted({f.finding_uid for state in states for f in state.findings})


def subject_of(event: dict[str, Any]) -> str:
    return SCAN if event["kind"] == "scan" else event["payload"].get("finding_uid", "")


def merge(browser, common: Attempts, theirs: Attempts, own: Attempts, choices) -> Case:
    _, base = play(fold(MACHINE, []), common, "common")
    _, there = play(base, theirs, "theirs")
    events, mine = play(base, own, "mine")
    sent = [
        # What an undo means the server says when it is sent.
        {"event_uid": e.event_uid, "kind": e.kind, "payload": {}}
        if e.kind in ("undo", "redo")
        else {"event_uid": e.event_uid, "kind": e.kind, "payload": dict(e.payload)}
        for e in events
    ]
    asked = {"base": told(base), "present": told(there), "events": sent, "choices": choices}
    browser.stdin.write(json.dumps(asked) + "\n")
    browser.stdin.flush()
    return Case(base, there, mine, events, json.loads(browser.stdout.readline()), choices)


def effective(case: Case) -> set[str]:
    """What is left of mine when undone decisions are gone, by the server's fold."""
    decided = {change.event_uid for change in case.mine.changes[len(case.base.changes) :]}
    whole = {e.event_uid for e in case.events if e.kind in ("sign", "reopen")}
    return decided | whole


OWN = st.lists(DECISIONS, min_size=2, max_size=10)
PAGES = given(
    st.lists(ANY, max_size=4), st.lists(ANY, max_size=6), st.lists(ANY, max_size=8), CHOICES
)
OFTEN = settings(deadline=None, max_examples=250)


@OFTEN
@PAGES
def test_every_event_is_sent_or_told(browser, common, theirs, own, choices):
    case = merge(browser, common, theirs, own, choices)
    parts = ("send", "theirs", "refused", "same")
    named = [event["event_uid"] for part in parts for event in case.outcome[part]]
    assert sorted(named) == sorted(effective(case))
    assert case.outcome["clashes"] == [], "there is a choice for each"
    unasked = merge(browser, common, theirs, own, {}).outcome
    asked = {clash["subject"] for clash in unasked["clashes"]}
    assert {subject_of(event) for event in case.outcome["theirs"]} <= asked


@OFTEN
@PAGES
def test_what_needs_no_choice_is_there_already_or_was_before(browser, common, theirs, own, choices):
    case = merge(browser, common, theirs, own, choices)
    for subject in {subject_of(event) for event in case.outcome["same"]}:
        base, there, mine = (
            state.scan if subject == SCAN else state.finding(subject)
            for state in (case.base, case.there, case.mine)
        )
        assert mine in (there, base)


@OFTEN
@PAGES
def test_nothing_that_is_sent_is_refused(browser, common, theirs, own, choices):
    case = merge(browser, common, theirs, own, choices)
    assert len(case.result.changes) == len(case.there.changes) + len(case.outcome["send"])


@OFTEN
@PAGES
def test_what_the_other_changed_stays_unless_the_reader_chose(
    browser, common, theirs, own, choices
):
    case = merge(browser, common, theirs, own, choices)
    for uid in case.subjects():
        there = case.there.finding(uid)
        if there != case.base.finding(uid) and choices[uid] == "theirs":
            assert case.result.finding(uid) == there
    overruling = any(
        choices[subject_of(event)] == "mine"
        for event in case.outcome["send"]
        if event["kind"] in (*MARKING, SCAN)
    )
    if case.there.scan != case.base.scan and not overruling and choices[SCAN] == "theirs":
        assert case.result.scan == case.there.scan


@OFTEN
@given(OWN)
def test_a_mark_takes_back_no_nodules_of_the_other_by_choice_alone(browser, own):
    theirs: Attempts = [("scan", {"no_nodules": True, "quality": "good"})]
    case = merge(browser, [], theirs, own, dict.fromkeys((*UIDS, SCAN), "theirs"))
    assert case.result.scan == case.there.scan


@OFTEN
@PAGES
def test_what_the_other_left_alone_becomes_what_was_on_the_page(
    browser, common, theirs, own, choices
):
    case = merge(browser, common, theirs, own, choices)
    for uid in case.subjects():
        is_free = case.there.finding(uid) == case.base.finding(uid)
        left = case.about("theirs", uid) + case.about("refused", uid)
        if is_free and not left:
            assert case.result.finding(uid) == case.mine.finding(uid)
    all_went_on = not any(case.outcome[part] for part in ("theirs", "refused", "same"))
    if all_went_on and case.there.scan == case.base.scan:
        assert case.result.scan == case.mine.scan


@OFTEN
@PAGES
def test_mine_on_top_says_what_i_said_and_leaves_the_rest(browser, common, theirs, own, choices):
    case = merge(browser, common, theirs, own, dict.fromkeys(choices, "mine"))
    for uid in case.subjects():
        sent, there = case.about("send", uid), case.there.finding(uid)
        if there is None or case.about("refused", uid):
            continue
        found = case.result.finding(uid)
        assert found is not None
        assert decision(found) == decision_of(sent, there)
        labels = [event["payload"] for event in sent if event["kind"] == "label"]
        said = NoduleLabel.of_payload(without_uid(labels[-1])) if labels else there.label
        assert found.label == said


def decision(finding: Finding) -> tuple[Any, ...]:
    is_rejected = finding.state == "rejected"
    shape = json.loads(json.dumps([describe_finding(finding)[name] for name in SHAPE]))
    return is_rejected, finding.state == "machine", shape


def decision_of(sent: list[dict[str, Any]], there: Finding) -> tuple[Any, ...]:
    """What the last of my decisions says, and of the shape my last edit."""
    is_rejected, is_open, shape = decision(there)
    for event in sent:
        if event["kind"] in ("accept", "reject", "edit"):
            is_rejected, is_open = event["kind"] == "reject", False
        if event["kind"] == "edit":
            shape = [event["payload"].get(name) for name in SHAPE]
    return is_rejected, is_open, shape


def without_uid(payload: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name != "finding_uid"}


@OFTEN
@given(st.lists(DECISIONS, max_size=4), OWN)
def test_on_an_unchanged_reading_all_goes_on(browser, common, own):
    case = merge(browser, common, [], own, {})
    assert {event["event_uid"] for event in case.outcome["send"]} == effective(case)
    assert case.result.held == case.mine.held
