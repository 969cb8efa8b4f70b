"""Reference cases: mixed in unseen, blinded, and scored as their readers signed them."""

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from lungcore.errors import LungcoreError
from lungcore.findings.finding import Candidate
from lungcore.findings.labels import Drawn, DrawnSet
from lungcore.findings.references import scores
from lungcore.records import (
    detections,
    label_files,
    label_layers,
    readings,
    references,
    rounds,
    studies,
)
from lungcore.records.database import snapshot, transaction
from lungcore.records.label_files import LabelFile
from lungcore.records.masks import MaskStore
from lungcore.records.round_tables import AssignmentRow
from lungcore.records.tables import AccountRow, AuditRow, SeriesRow
from tests.records.conftest import NOON

AFFINE = (0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
UIDS = [f"1.5.{number}" for number in range(8)]
PLACE = [10.0, 10.0, 10.0]


@pytest.fixture
def maker(engine):
    row = AccountRow(
        username="max",
        display_name="Max",
        password_hash="",
        roles=["model_owner"],
        language="en",
        disabled=False,
        created_at=NOON,
    )
    with transaction(engine) as session:
        session.add(row)
        session.flush()
        return row.account_id


@pytest.fixture
def stored(engine, new_series):
    with transaction(engine) as session:
        for number, uid in enumerate(UIDS):
            given = {"slices": 40, "rows": 50, "columns": 60, "affine": AFFINE}
            date = f"202{number}-01-01"
            studies.add_series(session, new_series(uid, patient_id=uid, study_date=date, **given))
    return UIDS


@pytest.fixture
def answer(engine, stored, tmp_path):
    """A layer of labels with marks at places; its id."""
    count = iter(range(1, 100))

    def labelled(uid, *places, reader="consensus", rating=4):
        file = LabelFile(sha256=f"{next(count):064x}", file_name="a.json", format="json")
        marks = tuple(
            Drawn(
                name=str(number),
                center=tuple(place),
                diameter_mm=8.0,
                attributes={"malignancy": rating},
            )
            for number, place in enumerate(places)
        )
        with transaction(engine) as session:
            label_files.keep_file(session, file, None)
            one = DrawnSet(series_uid=uid, reader=reader, marks=marks)
            label_layers.add(session, file, uid, [one], MaskStore(tmp_path))
            return label_layers.of_series(session, uid)[-1].layer_id

    return labelled


@pytest.fixture
def make(engine, stored, readers, maker):
    def made(**given):
        wanted = {
            "name": "first",
            "series_uids": stored[:6],
            "account_ids": readers,
            "blinded": False,
            "machine_hidden": False,
            "strategy": "oldest",
            "reads": 2,
            "made_by": maker,
            "now": NOON,
        }
        with transaction(engine) as session:
            return rounds.make(session, **(wanted | given))

    return made


@pytest.fixture
def read(engine):
    """A reader marks, answers and signs."""

    def signed(uid, reader, *marks, scan=None):
        said = [
            ("add", {"finding_uid": f"2.25.{n}", "center_mm": place, "diameter_mm": size_mm})
            for n, (place, size_mm) in enumerate(marks, 1)
        ]
        said += [("scan", scan)] if scan else []
        for kind, payload in [*said, ("sign", {})]:
            with transaction(engine) as session:
                reading = readings.open_reading(session, uid, reader)
                readings.append(
                    session,
                    reading.reading_id,
                    event_uid=f"{uid}/{reader}/{reading.reading_id}/{reading.version}",
                    kind=kind,
                    payload=payload,
                    account_id=reader,
                    expected_version=reading.version,
                )

    return signed


def order(engine, round_id, reader):
    with snapshot(engine) as session:
        rows = session.execute(
            select(SeriesRow.series_uid)
            .join(AssignmentRow, AssignmentRow.series_id == SeriesRow.series_id)
            .where(AssignmentRow.round_id == round_id, AssignmentRow.account_id == reader)
            .order_by(AssignmentRow.place)
        )
        return list(rows.scalars())


def scored(engine, looking):
    with snapshot(engine) as session:
        return {one.reader: one for one in scores(references.reads(session, looking))}


def test_references_lie_among_the_others_and_blind_the_round(
    engine, make, answer, readers, stored, maker
):
    layers = [answer(uid, PLACE) for uid in stored[5:]]
    made = make(answers=layers)
    assert made.blinded
    places = order(engine, made.round_id, readers[0])
    assert places == order(engine, made.round_id, readers[1])
    assert sorted(places) == stored, "a series that is chosen twice is one case"
    assert [uid for uid in places if uid not in stored[5:]] == stored[:5]
    with transaction(engine) as session:
        rounds.close(session, made.round_id, closed_by=maker, now=NOON)
    others = set()
    for number in range(6):
        now = datetime(2026, 3, 5, 12, 0, 0, number, tzinfo=UTC)
        again = make(answers=layers, name=f"again {number}", now=now)
        others.add(tuple(order(engine, again.round_id, readers[0])))
        with transaction(engine) as session:
            rounds.close(session, again.round_id, closed_by=maker, now=NOON)
    assert len(others) > 3, "each round has places of its own"


def test_what_is_read_is_scored_per_reader(engine, make, answer, read, readers, stored, maker):
    layers = [answer(stored[0], PLACE, [30.0, 30.0, 10.0]), answer(stored[6])]
    make(answers=layers)
    assert scored(engine, maker) == {}
    ann, bob = readers
    read(stored[0], ann, (PLACE, 9.0))
    read(stored[6], ann, (PLACE, 5.0))
    read(stored[1], ann, (PLACE, 5.0))  # no reference case
    read(stored[0], bob, scan={"excluded": "motion"})
    found = scored(engine, maker)
    one, other = found["Ann (ann)"], found["Bob (bob)"]
    assert (one.scans, one.nodules, one.found, one.false_marks) == (2, 2, 1, 1)
    assert (one.sized, one.error_mm) == (1, pytest.approx(1.0))
    assert (other.scans, other.unscored, other.nodules) == (0, 1, 0)


def test_only_the_reading_of_the_round_counts_and_only_while_signed(
    engine, make, answer, read, readers, stored, maker
):
    first = make(series_uids=stored[:1])
    read(stored[0], readers[0], (PLACE, 9.0))
    with transaction(engine) as session:
        rounds.close(session, first.round_id, closed_by=maker, now=NOON)
    second = make(name="second", answers=[answer(stored[0], PLACE)])
    assert scored(engine, maker) == {}, "what was read before is no answer to a reference case"
    read(stored[0], readers[0], scan={"no_nodules": True})
    assert scored(engine, maker)["Ann (ann)"].found == 0
    with transaction(engine) as session:
        reading = readings.open_reading(session, stored[0], readers[0])
        readings.append(
            session,
            reading.reading_id,
            event_uid="again",
            kind="reopen",
            payload={"reason": "unsure"},
            account_id=readers[0],
            expected_version=reading.version,
        )
    assert scored(engine, maker) == {}
    read(stored[0], readers[0])
    with transaction(engine) as session:
        rounds.close(session, second.round_id, closed_by=maker, now=NOON)
    assert scored(engine, maker)["Ann (ann)"].scans == 1


def test_findings_of_the_machine_left_undecided_are_not_scored(
    engine, make, answer, read, readers, stored, maker
):
    with transaction(engine) as session:
        detections.start(session, stored[0], "job", None)
        found = [Candidate(tuple(PLACE), 8.0, 0.9, 0.4), Candidate((30.0, 9.0, 9.0), 8.0, 0.9, 0.4)]
        detections.finish(session, "job", found, {}, {})
    make(answers=[answer(stored[0], PLACE)])
    read(stored[0], readers[0], ([20.0, 20.0, 20.0], 5.0))
    one = scored(engine, maker)["Ann (ann)"]
    assert (one.scans, one.unscored) == (0, 1)


def test_readers_of_the_round_see_no_score_before_it_is_closed(
    engine, make, answer, read, readers, stored, maker
):
    made = make(answers=[answer(stored[0], PLACE)])
    for reader in readers:
        read(stored[0], reader, (PLACE, 8.0))
        assert scored(engine, reader) == {}
    assert set(scored(engine, maker)) == {"Ann (ann)", "Bob (bob)"}
    with transaction(engine) as session:
        rounds.close(session, made.round_id, closed_by=maker, now=NOON)
    assert set(scored(engine, readers[0])) == {"Ann (ann)", "Bob (bob)"}


def test_a_reader_is_offered_no_layer_of_what_a_round_hides(
    engine, make, answer, readers, stored, maker
):
    answer(stored[0], PLACE, reader="eve")
    hidden, shown = answer(stored[1], PLACE), answer(stored[7], PLACE, PLACE)
    make(series_uids=stored[:2], blinded=True, account_ids=readers[:1], reads=1)

    def offered(account_id):
        with snapshot(engine) as session:
            found = references.answers(session, "consensus", account_id)
            return references.readers(session, account_id), [one.layer_id for one in found]

    assert offered(maker) == (["consensus", "eve"], [hidden, shown])
    assert offered(readers[0]) == (["consensus"], [shown])


def test_the_latest_whole_layer_is_offered(engine, answer, stored, maker):
    answer(stored[0], PLACE, rating=2)
    latest = answer(stored[0], PLACE, PLACE, rating=3)
    answer(stored[1], PLACE)
    partial = answer(stored[1], PLACE, [1000.0, 0.0, 0.0])
    with transaction(engine) as session:
        [found] = references.answers(session, "consensus", maker)
        assert (found.layer_id, found.patient_id, found.nodules) == (latest, stored[0], 2)
        with pytest.raises(LungcoreError):
            references.answered_by(session, [partial])


def test_what_cannot_be_an_answer_is_told(engine, make, answer, readers, stored):
    one, other = answer(stored[0], PLACE), answer(stored[0], PLACE, reader="eve")
    for layers in ([9999], [one, other]):
        with pytest.raises(LungcoreError) as refused:
            make(answers=layers)
        assert refused.value.key == "records.reference_layers"
    with pytest.raises(LungcoreError) as refused:
        make(answers=[one], made_by=readers[0])
    assert refused.value.key == "records.reference_maker"
    assert make(answers=[one], series_uids=[]).blinded, "references alone are a round too"


def test_the_audit_trail_counts_references_and_names_none(engine, make, answer, stored):
    make(answers=[answer(stored[6], PLACE)])
    with snapshot(engine) as session:
        [told] = session.scalars(select(AuditRow.detail).where(AuditRow.action == "round.made"))
    detail = json.loads(told)
    assert (detail["series"], detail["references"]) == (7, 1)
    assert stored[6] not in told


@pytest.mark.parametrize(
    "act", ["UPDATE reference_case SET round_id = 7", "DELETE FROM reference_case"]
)
def test_answers_cannot_be_changed(engine, make, answer, stored, act):
    make(answers=[answer(stored[0], PLACE)])
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(act))


def test_who_reads_in_a_blinded_round_is_not_told_how_far_the_others_are(
    engine, make, readers, stored, maker
):
    make(series_uids=stored[:2], blinded=True)
    make(name="open", series_uids=stored[2:4])

    def shown(account_id):
        with snapshot(engine) as session:
            parts = rounds.shown(rounds.progress(session), account_id)
        return [(part.round.name, part.reader_name) for part in parts]

    everything = [("open", "Ann"), ("open", "Bob"), ("first", "Ann"), ("first", "Bob")]
    assert shown(maker) == everything
    assert shown(readers[0]) == everything[:3]
    with transaction(engine) as session:
        [first] = {p.round.round_id for p in rounds.progress(session) if p.round.name == "first"}
        rounds.close(session, first, closed_by=maker, now=NOON)
    assert shown(readers[0]) == everything
