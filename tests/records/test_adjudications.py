"""Adjudications over real rows: laid out, decided, finished as layers, taken up by datasets."""

import dataclasses

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from lungcore.errors import LungcoreError
from lungcore.findings.agreement import dice
from lungcore.findings.consensus import vote
from lungcore.findings.dataset import Rules
from lungcore.findings.voxels import ellipsoid
from lungcore.jobs.label_export import labelled
from lungcore.records import (
    adjudications,
    agreeing,
    audit,
    database,
    datasets,
    label_layers,
    label_sources,
    references,
    rounds,
    studies,
)
from lungcore.records.adjudications import AdjudicationChanged
from tests.records.conftest import NOON
from tests.records.test_datasets import INSIDE, SIGN, nodule, outlined

UID = "1.2.3"
FAR = (-70.0, -60.0, -270.0)
RULES = Rules(shares=(100, 0, 0), consensus="adjudicated")


def adds(account_id, *marks):
    """Events of a reading that marks and signs."""
    return [
        ("add", {"finding_uid": f"2.25.{account_id}{n}", **mark}) for n, mark in enumerate(marks)
    ] + [SIGN]


@pytest.fixture
def case(add, read, label, readers):
    """Ann marked an ellipsoid and a ball far off, Bob the first alone; a file of Cid the same."""
    ann, bob = readers
    add(UID)
    said = {"attributes": {"malignancy": 5}, "nodule_type": "part_solid"}
    first = {"center_mm": INSIDE, "diameter_mm": 8.0, "axes_mm": [8.0, 9.0, 10.0]}
    events = adds(ann, first, {"center_mm": FAR, "diameter_mm": 6.0})
    read(ann, UID, *events[:2], ("label", {"finding_uid": f"2.25.{ann}0", **said}), SIGN)
    read(bob, UID, *adds(bob, {"center_mm": INSIDE, "diameter_mm": 12.0}))
    label(UID, "cid", nodule(diameter_mm=9.0, malignancy=2))
    return ann


@pytest.fixture
def act(engine, masks, readers):
    """Events of an adjudicator, one after the other, on what there is."""

    def acts(*events, account_id=None, uid=UID):
        for kind, payload in events:
            with database.transaction(engine) as session:
                record = adjudications.load(session, uid, account_id or readers[0])
                record = adjudications.append(
                    session,
                    uid,
                    kind=kind,
                    payload=payload,
                    account_id=account_id or readers[0],
                    expected_seq=record.state.seq,
                    masks=masks,
                )
        return record

    return acts


BEGIN, FINISH = ("begin", {}), ("finish", {})
REST = ("rest", {"method": "vote", "reason": "as most say"})
AGAIN = ("reopen", {"reason": "second look"})
WITHDRAW = ("withdraw", {"reason": "wrong patient"})


def decide(group, nodule=True, outline="vote", ratings="median"):
    whose = {"outline": outline, "ratings": ratings} if nodule else {}
    return "decide", {"group": group, "nodule": nodule, "reason": "seen on coronal", **whose}


def adjudicated(engine):
    with database.snapshot(engine) as session:
        return {
            uid: (one.marks.reader, [mark.diameter_mm for mark in one.marks.marks])
            for uid, one in label_sources.adjudicated(session).items()
        }


def test_what_readers_said_is_laid_out(engine, case, act):
    record = act(BEGIN)
    place = {reader["reader"]: n for n, reader in enumerate(record.state.readers)}
    assert sorted(place) == ["account-1", "account-2", "cid"]
    assert [len(group) for group in record.state.groups] == [1, 3], "from the head downwards"
    ann = record.state.readers[place["account-1"]]["marks"]
    assert ann[0]["nodule_type"] == "part_solid"
    assert ann[0]["attributes"] == {"malignancy": 5}
    assert ann[0]["mask"], "an ellipsoid is laid out as voxels"
    assert record.names[place["account-1"]] == "Ann (account-1)"
    assert not record.is_stale


def test_a_finish_is_a_new_layer_and_changes_no_other(engine, case, act, masks):
    before = len(label_sources_of(engine))
    record = act(BEGIN)
    place = [reader["reader"] for reader in record.state.readers]
    ann, cid = place.index("account-1"), place.index("cid")
    act(decide(0), decide(1, outline=ann, ratings=cid), FINISH)
    with database.snapshot(engine) as session:
        layers = label_layers.of_series(session, UID)
        [found] = [
            label_layers.of_content(session, UID, layer.content_sha256, masks)
            for layer in layers
            if layer.source == "adjudicated"
        ]
        series = studies.series(session, UID)
        assert audit.verify(session)
    assert found.reader == "adjudicated-account-1"
    far, near = found.marks
    assert (far.name, far.diameter_mm) == ("1", 6.0)
    assert near.attributes == {"malignancy": 2}
    wanted = ellipsoid(INSIDE, (8.0, 9.0, 10.0), series.grid)
    assert dice(near.mask, wanted) == 1
    assert len(label_sources_of(engine)) == before, "readers are who they were"


def label_sources_of(engine):
    with database.snapshot(engine) as session:
        return label_sources.by_series(session)[UID]


def test_the_vote_of_all_is_the_vote(engine, case, act, masks):
    act(BEGIN, REST, FINISH)
    with database.snapshot(engine) as session:
        series = studies.series(session, UID)
        said = label_sources.by_series(session, masks=masks)[UID]
        wanted = vote([one.marks for one in said], series.grid)
        one = label_sources.adjudicated(session)[UID]
        found = label_layers.of_content(session, UID, one.origin, masks)
    assert [m.center_mm for m in found.marks] == [m.center_mm for m in wanted.marks]
    np.testing.assert_array_equal(found.marks[0].mask.voxels, wanted.marks[0].mask.voxels)


def test_the_last_finish_counts_until_it_is_withdrawn(engine, case, act):
    act(BEGIN, REST, FINISH)
    first = adjudicated(engine)
    assert len(first[UID][1]) == 1
    act(AGAIN)
    assert adjudicated(engine) == first, "work on it takes nothing away"
    act(decide(0), FINISH)
    assert adjudicated(engine)[UID][1][0] == 6.0
    act(WITHDRAW)
    assert adjudicated(engine) == {}
    act(FINISH)
    assert len(adjudicated(engine)[UID][1]) == 2
    with database.snapshot(engine) as session:
        made = [one for one in label_layers.of_series(session, UID) if one.source == "adjudicated"]
    assert [one.nodules for one in made] == [1, 2, 2]


def test_taking_back_gives_what_was_before(engine, case, act):
    before = act(BEGIN, REST).state.decisions
    after = act(decide(0), ("take_back", {"seq": 3})).state.decisions
    assert after == before


def test_who_was_slower_is_told(engine, case, act, masks, readers):
    act(BEGIN)
    with pytest.raises(AdjudicationChanged), database.transaction(engine) as session:
        adjudications.append(
            session,
            UID,
            kind="begin",
            payload={},
            account_id=readers[1],
            expected_seq=0,
            masks=masks,
        )


def test_what_readers_say_later_is_noticed_and_laid_out_anew(engine, case, act, read, readers):
    record = act(BEGIN, REST)
    again = [("reopen", {"reason": "look"}), *adds(7, {"center_mm": FAR, "diameter_mm": 7.0})]
    read(readers[1], UID, *again)
    with database.snapshot(engine) as session:
        stale = adjudications.load(session, UID, readers[0])
    assert stale.is_stale
    assert stale.state.groups == record.state.groups, "decisions stay about what was seen"
    fresh = act(decide(0), decide(1, outline="staple"), BEGIN)
    assert not fresh.is_stale
    assert list(map(len, fresh.state.groups)) == [2, 3]
    assert [one.outline for one in fresh.state.decisions.values()] == ["staple"], "of the other one"


def test_one_reader_is_no_dispute(engine, add, read, readers, act):
    read(readers[0], add(UID), *adds(1, {"center_mm": INSIDE, "diameter_mm": 8.0}))
    with pytest.raises(LungcoreError, match="Fewer than two"):
        act(BEGIN)


def test_a_blinded_reader_sees_nothing_before_the_round_is_closed(engine, case, act, readers):
    with database.transaction(engine) as session:
        made = rounds.make(
            session,
            name="Blind",
            series_uids=[UID],
            account_ids=[readers[1]],
            blinded=True,
            machine_hidden=False,
            strategy="oldest",
            reads=1,
            made_by=readers[0],
            now=NOON,
        )
    for call in (lambda: act(BEGIN, account_id=readers[1]), lambda: load(engine, readers[1])):
        with pytest.raises(LungcoreError, match="blinded round"):
            call()
    assert act(BEGIN, account_id=readers[0]).state.is_begun
    with database.transaction(engine) as session:
        rounds.close(session, made.round_id, closed_by=readers[0], now=NOON)
    assert load(engine, readers[1]).state.is_begun


def load(engine, account_id):
    with database.snapshot(engine) as session:
        return adjudications.load(session, UID, account_id)


@pytest.mark.parametrize("statement", ["UPDATE {} SET kind = 'x'", "DELETE FROM {}"])
def test_events_cannot_be_rewritten(engine, case, act, statement):
    act(BEGIN)
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement.format("adjudication_event")))


def freeze(engine, rules=RULES):
    with database.transaction(engine) as session:
        draft = datasets.draft(session, rules)
        return datasets.freeze(session, draft)[0], draft


def test_a_dataset_takes_what_was_decided_and_leaves_out_the_rest(
    engine, case, add, label, act, masks
):
    for reader in ("ann", "bob"):
        label(add("1.9"), reader, nodule()) if reader == "ann" else label("1.9", reader, nodule())
    act(BEGIN, REST, decide(0), FINISH)
    first, draft = freeze(engine)
    assert draft.left_out == {"unadjudicated": 1}
    share = draft.balance["train"]
    assert (share.series, share.nodules) == (1, 2)
    act(WITHDRAW)
    with pytest.raises(LungcoreError, match="2 labelled"):
        freeze(engine)
    act(decide(0, nodule=False), FINISH)
    second, _ = freeze(engine)
    found = []
    with database.snapshot(engine) as session:
        for one in (first, second):
            [entry] = datasets.find(session, one).entries
            [labels] = datasets.labels_of(session, entry, masks)
            found.append((labels.reader, len(labels.marks)))
    assert found == [("adjudicated-account-1", 2), ("adjudicated-account-1", 1)]


def test_adjudications_are_readers_only_where_they_are_named(engine, case, act, masks):
    act(BEGIN, REST, FINISH)
    vote_of_readers = dataclasses.replace(RULES, consensus="vote")
    _, draft = freeze(engine, vote_of_readers)
    [entry] = draft.manifest.entries
    assert [one.reader for one in entry.labels] == ["account-1", "account-2", "cid"]
    named = dataclasses.replace(vote_of_readers, readers=("adjudicated-account-1",))
    [entry] = freeze(engine, named)[1].manifest.entries
    assert [one.reader for one in entry.labels] == ["adjudicated-account-1"]
    with database.snapshot(engine) as session:
        assert label_sources.reader_names(session) == ["account-1", "account-2", "cid"]
        assert label_sources.adjudicator_names(session) == ["adjudicated-account-1"]
        assert "adjudicated-account-1" in references.readers(session, 1)
        [answer] = references.answers(session, "adjudicated-account-1", 1)
        [pair] = agreeing.agreement(session, ["account-1", "adjudicated-account-1"], masks).pairs
        with_it = agreeing.fingerprint(session, ["account-1", "adjudicated-account-1"])
    assert (pair.both, pair.first_only, pair.second_only) == (1, 1, 0)
    act(WITHDRAW)
    with database.snapshot(engine) as session:
        assert agreeing.fingerprint(session, ["account-1", "adjudicated-account-1"]) != with_it
        assert label_sources.adjudicator_names(session) == []
        assert "adjudicated-account-1" not in references.readers(session, 1)
        assert references.answers(session, "adjudicated-account-1", 1) == []
        with pytest.raises(LungcoreError) as refused:
            references.answered_by(session, [answer.layer_id])
        assert refused.value.key == "records.reference_layers"


def test_an_export_holds_readers_and_an_adjudication_that_is_asked_for(
    engine, case, act, masks, tmp_path
):
    act(BEGIN, REST, FINISH)
    found = {}
    for asked in ((), ("adjudicated-account-1",)):
        found[asked] = {one.reader for one in labelled(engine, UID, tmp_path, asked).sets}
    assert found[()] == {"account-1", "account-2", "cid"}
    assert found[("adjudicated-account-1",)] == found[()] | {"adjudicated-account-1"}


def test_outlines_that_touch_nothing_stay_as_they_were(engine, add, label, act, masks):
    add(UID)
    label(UID, "ann", outlined())
    label(UID, "bob")
    record = act(BEGIN, decide(0, outline="staple"), FINISH)
    assert record.state.is_finished
    with database.snapshot(engine) as session:
        one = label_sources.adjudicated(session)[UID]
        [mark] = label_layers.of_content(session, UID, one.origin, masks).marks
    assert mark.mask.voxels.sum() == 24
