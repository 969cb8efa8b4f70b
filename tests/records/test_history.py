"""A history tells every act with what it changed, any past state, and nothing that is hidden."""

from datetime import UTC, datetime

import pytest

from lungcore.errors import LungcoreError
from lungcore.records import detections, history, readings, rounds
from lungcore.records.database import snapshot, transaction

ACTS = (
    ("add", {"finding_uid": "2.25.9", "center_mm": [1, 2, 3], "diameter_mm": 5}),
    ("label", {"finding_uid": "2.25.9", "lobe": "lingula"}),
    ("scan", {"quality": "poor"}),
    ("undo", None),
    ("redo", None),
    ("sign", {}),
    ("reopen", {"reason": "more to say"}),
    ("reject", {"finding_uid": "2.25.9", "reason": "scar"}),
)


def play(engine, series_uid, account_id, acts):
    """The reading after the acts, and its findings and answer before the first and after each."""
    with transaction(engine) as session:
        reading = readings.open_reading(session, series_uid, account_id)
        states = [reading.state]
        for number, (kind, payload) in enumerate(acts):
            target = {"undo": reading.state.undo_target, "redo": reading.state.redo_target}
            reading = readings.append(
                session,
                reading.reading_id,
                event_uid=f"{reading.reading_id}.{reading.version}.{number}",
                kind=kind,
                payload={"event_uid": target[kind]} if payload is None else payload,
                account_id=account_id,
                expected_version=reading.version,
            )
            states.append(reading.state)
    return reading, states


def visible(engine, series_uid, account_id, *, adjudicates=False):
    with snapshot(engine) as session:
        found = history.visible(session, series_uid, account_id, adjudicates=adjudicates)
    return {one.account_id for one in found}


def test_every_act_is_told_with_any_past_state(engine, stored_series, readers, candidates):
    with transaction(engine) as session:
        detections.start(session, stored_series, "job", None)
        detections.finish(session, "job", candidates, {}, {})
    reading, states = play(engine, stored_series, readers[0], ACTS)
    with snapshot(engine) as session:
        found = history.of_reading(session, reading.reading_id)
    assert list(found.states) == states
    assert [entry.event.kind for entry in found.entries] == [kind for kind, _ in ACTS]
    assert {entry.reader_name for entry in found.entries} == {"Ann"}
    add, label, scan, undo, redo, sign, reopen, reject = found.entries
    assert add.before is None and add.after.diameter_mm == 5
    assert (label.before.label, label.after.label.lobe) == (None, "lingula")
    assert (scan.before.quality, scan.after.quality) == ("", "poor")
    assert (undo.before.quality, undo.after.quality) == ("poor", "")
    assert (redo.before.quality, redo.after.quality) == ("", "poor")
    assert (sign.before, sign.after, reopen.after) == (None, None, None)
    assert (reject.before.state, reject.after.state) == ("added", "rejected")


def test_others_are_seen_when_both_have_signed(engine, stored_series, readers):
    ann, bob = readers
    play(engine, stored_series, ann, ACTS[:1])
    play(engine, stored_series, bob, ACTS[2:3])
    assert visible(engine, stored_series, ann) == {ann}
    assert visible(engine, stored_series, ann, adjudicates=True) == {ann}, "nobody has signed"
    play(engine, stored_series, ann, [("sign", {})])
    assert visible(engine, stored_series, bob) == {bob}
    assert visible(engine, stored_series, bob, adjudicates=True) == {ann, bob}
    assert visible(engine, stored_series, ann) == {ann}
    play(engine, stored_series, bob, [("sign", {})])
    assert visible(engine, stored_series, ann) == visible(engine, stored_series, bob) == {ann, bob}


def test_a_blinded_round_hides_all_but_its_own(engine, stored_series, readers):
    ann, bob = readers
    for account in readers:
        play(engine, stored_series, account, [*ACTS[2:3], ("sign", {})])
    with transaction(engine) as session:
        rounds.make(
            session,
            name="Blind",
            series_uids=[stored_series],
            account_ids=[ann],
            blinded=True,
            machine_hidden=True,
            strategy="oldest",
            reads=1,
            made_by=ann,
            now=datetime.now(UTC),
        )
    assert visible(engine, stored_series, ann, adjudicates=True) == set()
    reading, _ = play(engine, stored_series, ann, ACTS[:1])
    with snapshot(engine) as session:
        [own] = history.visible(session, stored_series, ann, adjudicates=True)
    assert own.reading_id == reading.reading_id
    play(engine, stored_series, ann, [("sign", {})])
    assert visible(engine, stored_series, ann, adjudicates=True) == {ann}
    assert visible(engine, stored_series, bob) == {ann, bob}, "who is in no round"


def test_an_unknown_series_is_told(engine, readers):
    with pytest.raises(LungcoreError):
        visible(engine, "9.9.9", readers[0])
