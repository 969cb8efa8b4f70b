"""Adjudications fold the same in any replay; what is taken back is as if it had never been."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lungcore.errors import LungcoreError
from lungcore.findings.adjudication import (
    Adjudication,
    Decision,
    Event,
    check,
    fold,
    lettered,
    proposal,
    step,
)

# Three readers: all marked the first nodule, two the second, one the third.
GROUPS = [[[0, 0], [1, 0], [2, 0]], [[0, 1], [2, 1]], [[1, 1]]]
READERS = [{"reader": name, "marks": [{"name": f"{name}{n}"} for n in range(2)]} for name in "abc"]
BEGIN = ("begin", {"readers": READERS, "groups": GROUPS})
# The first and the last nodule as they were, by other numbers; the second has one mark less.
OTHERWISE = (
    "begin",
    {
        "readers": READERS[::-1],
        "groups": [[[1, 1]], [[0, 0], [1, 0], [2, 0]], [[2, 1]]],
    },
)
REASON = st.sampled_from(["", " ", "seen on coronal"])
WHOSE = st.one_of(st.integers(-1, 3), st.sampled_from(["vote", "staple", "median", "", None]))
ATTEMPTS = st.lists(
    st.one_of(
        st.sampled_from([BEGIN, OTHERWISE]),
        st.tuples(
            st.just("decide"),
            st.fixed_dictionaries(
                {"group": st.integers(-1, 3), "nodule": st.booleans(), "reason": REASON},
                optional={"outline": WHOSE, "ratings": WHOSE},
            ),
        ),
        st.tuples(
            st.just("decide"),
            st.fixed_dictionaries(
                {"group": st.integers(0, 2), "nodule": st.just(True), "reason": st.just("why")}
                | {"outline": st.sampled_from(["vote", "staple"]), "ratings": st.just("median")}
            ),
        ),
        st.tuples(
            st.just("rest"),
            st.fixed_dictionaries(
                {"method": st.sampled_from(["vote", "staple", "each"]), "reason": REASON}
            ),
        ),
        st.tuples(st.just("take_back"), st.fixed_dictionaries({"seq": st.integers(0, 20)})),
        st.just(("finish", {})),
        st.tuples(st.just("reopen"), st.fixed_dictionaries({"reason": REASON})),
        st.tuples(st.just("withdraw"), st.fixed_dictionaries({"reason": REASON})),
    ),
    max_size=25,
)


def play(attempts, begun=True):
    """The events that `check` let through, and the state before each and after the last."""
    events, states = [], [Adjudication()]
    for kind, payload in [BEGIN, *attempts] if begun else attempts:
        event = Event(len(events) + 1, 1, kind, payload)
        try:
            check(states[-1], kind, {} if kind == "begin" else payload)
        except LungcoreError as error:
            if error.key != "findings.reason_missing":
                with pytest.raises(ValueError, match=f"event {event.seq} cannot {kind}"):
                    step(states[-1], event)
            continue
        events.append(event)
        states.append(step(states[-1], event))
    return events, states


def said(decisions):
    """The decisions but for which event made them."""
    return {group: replace(one, seq=0) for group, one in decisions.items()}


@settings(deadline=None, max_examples=200)
@given(ATTEMPTS, st.booleans())
def test_any_replay_gives_the_same(attempts, begun):
    events, states = play(attempts, begun)
    for count in range(len(events) + 1):
        assert fold(events[:count]) == states[count]
        assert fold(events[:count]).decisions == states[count].decisions


@settings(deadline=None, max_examples=200)
@given(ATTEMPTS)
def test_taking_back_is_exact(attempts):
    """Without what was taken back and without the taking, those that remain decide the same."""
    events, states = play(attempts)
    backs = [event for event in events if event.kind == "take_back"]
    gone = {event.payload["seq"] for event in backs} | {event.seq for event in backs}
    kept = [e for e in events if e.seq not in gone and e.kind in ("begin", "decide", "rest")]
    numbered = [Event(n, 1, e.kind, e.payload) for n, e in enumerate(kept, start=1)]
    assert said(fold(numbered).decisions) == said(states[-1].decisions)


@settings(deadline=None, max_examples=200)
@given(ATTEMPTS)
def test_what_counts_is_the_last_finish_that_was_not_withdrawn(attempts):
    events, states = play(attempts)
    counts = None
    for event, state in zip(events, states[1:], strict=True):
        counts = {"finish": event.seq, "withdraw": None}.get(event.kind, counts)
        assert state.counts == counts
        assert not state.is_finished or state.is_decided


def decide(group, nodule=True, reason="why", **given):
    whose = {"outline": "vote", "ratings": "median"} if nodule else {}
    return "decide", {"group": group, "nodule": nodule, "reason": reason, **(whose | given)}


def test_one_by_one_goes_before_the_rest_whichever_came_first():
    rest = ("rest", {"method": "staple", "reason": "as most"})
    for order in ([decide(2), rest], [rest, decide(2)]):
        state = play(order)[1][-1]
        assert state.is_decided
        found = {n: (one.is_nodule, one.outline) for n, one in state.decisions.items()}
        assert found == {0: (True, "staple"), 1: (True, "staple"), 2: (True, "vote")}
    state = play([decide(2), rest, ("take_back", {"seq": 2})])[1][-1]
    assert not state.decisions[2].is_nodule, "the rest, as one reader of three marked it"
    assert state.decisions[2].reason == "as most"


def test_a_later_decision_takes_the_place_of_an_earlier_one_until_it_is_taken_back():
    state = play([decide(1), decide(1, nodule=False)])[1][-1]
    assert not state.decisions[1].is_nodule
    assert play([decide(1), decide(1, nodule=False), ("take_back", {"seq": 3})])[1][
        -1
    ].decisions == {1: Decision(2, True, "vote", "median", "why")}


def test_laid_out_anew_decisions_stay_where_readers_say_the_same():
    first = [decide(0, outline=0, ratings=2), decide(1, outline=2), decide(2, nodule=False)]
    state = play([*first, OTHERWISE])[1][-1]
    assert state.decisions == {
        1: Decision(2, True, 2, 0, "why"),
        0: Decision(4, False, reason="why"),
    }, "the readers are the same people by other numbers"
    assert play([*first, OTHERWISE, BEGIN])[1][-1].decisions.keys() == {0, 2}
    rest = ("rest", {"method": "vote", "reason": "as most say"})
    assert play([rest, OTHERWISE])[1][-1].decisions == {}


@pytest.mark.parametrize(
    ("kind", "payload", "key"),
    [
        (*decide(0, reason=" "), "findings.reason_missing"),
        (*decide(3), "findings.invalid"),
        (*decide(True), "findings.invalid"),
        (*decide(1, outline=1), "findings.invalid"),  # the second reader did not mark it
        (*decide(1, ratings=1), "findings.invalid"),
        (*decide(0, nodule=False, outline="vote"), "findings.invalid"),
        ("finish", {}, "adjudication.refused_undecided"),
        ("take_back", {"seq": 1}, "adjudication.refused_nothing_to_take_back"),
        ("take_back", {"seq": [1]}, "adjudication.refused_nothing_to_take_back"),
        ("reopen", {"reason": "x"}, "adjudication.refused_not_finished"),
        ("withdraw", {"reason": "x"}, "adjudication.refused_nothing_counts"),
        ("rest", {"method": "each", "reason": "x"}, "findings.invalid"),
        ("rest", {"method": "vote", "reason": "x", "more": 1}, "findings.invalid"),
        ("erase", {}, "findings.invalid"),
        (["finish"], {}, "findings.invalid"),
        ("finish", [], "findings.invalid"),
    ],
)
def test_what_cannot_be_is_refused(kind, payload, key):
    with pytest.raises(LungcoreError) as refused:
        check(play([])[1][-1], kind, payload)
    assert refused.value.key == key


def test_nothing_is_decided_before_readers_are_laid_out_or_after_the_end():
    with pytest.raises(LungcoreError) as refused:
        check(Adjudication(), *decide(0))
    assert refused.value.key == "adjudication.refused_not_begun"
    finished = play([("rest", {"method": "vote", "reason": "x"}), ("finish", {})])[1][-1]
    for kind, payload in (decide(0), ("begin", {}), ("finish", {}), ("take_back", {"seq": 2})):
        with pytest.raises(LungcoreError) as refused:
            check(finished, kind, payload)
        assert refused.value.key == "adjudication.refused_finished"


def test_the_proposal_is_what_most_readers_say():
    found = [proposal(marked, 4, "vote").is_nodule for marked in range(5)]
    assert found == [False, False, False, True, True]


def test_letters_favour_nobody_and_stay():
    names = ["account-1", "account-2", "ann"]
    orders = {tuple(lettered(f"1.2.{n}", names)) for n in range(60)}
    assert len(orders) == 6
    assert lettered("1.2.3", names) == lettered("1.2.3", names[::-1])
