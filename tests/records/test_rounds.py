"""Rounds: each reader's next case, leases that expire, blinding, and nothing lost between many."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from lungcore.errors import LungcoreError
from lungcore.findings.finding import Candidate
from lungcore.records import (
    audit,
    blinding,
    detections,
    leases,
    readings,
    rounds,
    studies,
)
from lungcore.records.database import connect, snapshot, transaction
from lungcore.records.round_tables import AssignmentRow
from lungcore.records.series import find_series
from lungcore.records.tables import AccountRow, SeriesRow
from tests.records.conftest import NOON

UIDS = [f"1.5.{number}" for number in range(6)]
ADD = {"finding_uid": "2.25.5", "center_mm": [1, 2, 3], "diameter_mm": 6}
LATER = NOON + leases.LEASE


@pytest.fixture
def stored(engine, new_series):
    """Six series of six patients, the first the oldest."""
    with transaction(engine) as session:
        for number, uid in enumerate(UIDS):
            date = f"202{number}-01-01"
            studies.add_series(session, new_series(uid, patient_id=uid, study_date=date))
    return UIDS


@pytest.fixture
def make(engine, stored, readers):
    def made(**given):
        wanted = {
            "name": "first",
            "series_uids": stored,
            "account_ids": readers,
            "blinded": True,
            "machine_hidden": False,
            "strategy": "oldest",
            "reads": 2,
            "made_by": readers[0],
            "now": NOON,
        }
        with transaction(engine) as session:
            return rounds.make(session, **(wanted | given))

    return made


@pytest.fixture
def take(engine):
    def taken(reader, now=NOON):
        with transaction(engine) as session:
            return leases.take_next(session, reader, now=now)

    return taken


@pytest.fixture
def act(engine):
    def append(uid, reader, kind, payload=None):
        with transaction(engine) as session:
            reading = readings.open_reading(session, uid, reader)
            return readings.append(
                session,
                reading.reading_id,
                event_uid=f"{uid}/{reader}/{reading.version}/{reading.reading_id}",
                kind=kind,
                payload=payload or {},
                account_id=reader,
                expected_version=reading.version,
            )

    return append


@pytest.fixture
def sign(act):
    def signed(uid, reader):
        act(uid, reader, "scan", {"no_nodules": True})
        return act(uid, reader, "sign")

    return signed


@pytest.fixture
def state(engine, readers):
    def of(reader=None):
        with snapshot(engine) as session:
            return [
                (one.reader_name, one.done, one.left) for one in rounds.progress(session, reader)
            ]

    return of


def seen(engine, uid, reader):
    with transaction(engine) as session:
        return readings.open_reading(session, uid, reader)


def test_cases_come_in_the_order_of_the_strategy_and_a_held_one_first(
    make, take, sign, readers, stored
):
    make()
    assert take(readers[0]) == stored[0]
    assert take(readers[0]) == stored[0], "what is begun is finished first"
    assert take(readers[1]) == stored[0], "both are to read it"
    sign(stored[0], readers[0])
    assert take(readers[0]) == stored[1]


def test_a_case_read_once_goes_to_one_reader_until_the_lease_ends(make, take, readers, stored):
    make(reads=1)
    assert take(readers[0]) == stored[0]
    assert take(readers[1]) == stored[1]
    assert take(readers[1], LATER - timedelta(seconds=1)) == stored[1]
    assert take(readers[1], LATER + leases.LEASE) == stored[0], "the first reader is long gone"


def test_who_signs_last_ends_the_case_for_the_others(make, take, sign, readers, stored, state):
    make(reads=1)
    take(readers[0])
    sign(stored[0], readers[0])
    assert state() == [("Ann", 1, 5), ("Bob", 0, 5)]
    assert state(readers[1]) == [("Bob", 0, 5)]
    assert take(readers[1]) == stored[1]


def test_nothing_is_left_at_the_end(make, take, sign, readers, stored):
    make(series_uids=stored[:1])
    for reader in readers:
        assert take(reader) == stored[0]
        sign(stored[0], reader)
        assert take(reader) is None


def test_priority_goes_before_the_order_of_rounds(engine, make, take, readers, stored):
    make(series_uids=stored[:2])
    urgent = make(name="second", series_uids=stored[2:], priority=3)
    assert take(readers[0]) == stored[0]
    with transaction(engine) as session:
        rounds.set_priority(session, urgent.round_id, readers[1], 1, set_by=readers[0])
        parts = rounds.progress(session)
    assert [part.priority for part in parts] == [3, 1, 2, 2]
    assert take(readers[1]) == stored[2]


def test_a_lease_outlives_a_restart(engine, make, take, readers, stored):
    make(reads=1)
    take(readers[0])
    again = connect(engine.url.render_as_string(hide_password=False))
    with transaction(again) as session:
        assert leases.take_next(session, readers[1], now=NOON) == stored[1]
        assert leases.take_next(session, readers[0], now=NOON) == stored[0]
    again.dispose()


def test_marks_keep_the_case_and_are_refused_once_others_have_it(
    engine, make, take, act, readers, stored
):
    made = make(reads=1)
    act(stored[0], readers[0], "add", ADD)  # marking takes the case
    with pytest.raises(LungcoreError) as refused:
        act(stored[0], readers[1], "add", ADD | {"finding_uid": "2.25.6"})
    assert refused.value.key == "records.case_taken"
    with transaction(engine) as session:
        case = made.round_id, find_series(session, stored[0]).series_id
        session.execute(update(AssignmentRow).values(lease_until=NOON))  # a weekend has passed
        assert leases.take(session, case, readers[1], now=datetime.now(UTC))
    with pytest.raises(LungcoreError) as lost:
        act(stored[0], readers[0], "sign")
    assert lost.value.key == "records.case_taken"
    assert len(seen(engine, stored[0], readers[0]).state.findings) == 1, "what is saved stays"


def test_an_answer_is_asked_for_and_a_reopened_case_stays_with_its_reader(
    make, take, act, sign, readers, stored, state
):
    make(reads=1)
    take(readers[0])
    with pytest.raises(LungcoreError) as refused:
        act(stored[0], readers[0], "sign")
    assert refused.value.key == "records.no_answer"
    sign(stored[0], readers[0])
    act(stored[0], readers[0], "reopen", {"reason": "second thoughts"})
    assert state(readers[0]) == [("Ann", 0, 6)]
    assert take(readers[0]) == stored[0]
    assert take(readers[1]) == stored[1]


def test_the_same_reader_reads_twice_without_seeing_the_first(
    engine, make, sign, act, readers, stored
):
    first = make(account_ids=readers[:1], reads=1)
    act(stored[0], readers[0], "add", ADD)
    act(stored[0], readers[0], "sign")
    with transaction(engine) as session:
        rounds.close(session, first.round_id, closed_by=readers[0], now=NOON)
    second = make(name="again", account_ids=readers[:1], reads=1)
    again = seen(engine, stored[0], readers[0])
    assert (again.round.round_id, again.state.findings) == (second.round_id, ())
    sign(stored[0], readers[0])
    with snapshot(engine) as session:
        kept = readings.of_series(session, stored[0])
    assert [one.round_id for one in kept] == [first.round_id, second.round_id]
    assert [one.findings for one in kept] == [1, 0]


def detect(engine, uid, *candidates):
    with transaction(engine) as session:
        detections.start(session, uid, f"job {uid}", None)
        found = candidates or [Candidate((1.0, 2.0, 3.0), 8.0, 0.9, 0.4)]
        detections.finish(session, f"job {uid}", list(found), {"detector": "1"}, {})


def test_a_round_hides_the_machine_until_it_is_closed(engine, make, readers, stored):
    detect(engine, stored[0])
    before = seen(engine, stored[1], readers[0])
    made = make(machine_hidden=True, blinded=False)
    assert made.blinded, "who hides the machine hides readers, who saw it"
    hidden = seen(engine, stored[0], readers[0])
    assert (hidden.state.findings, hidden.detection_id, hidden.models) == ((), None, {})
    with snapshot(engine) as session:
        assert readings.first_finding(session, stored[0], readers[0]) is None
    fresh = seen(engine, stored[1], readers[0])
    assert fresh.reading_id != before.reading_id
    detect(engine, stored[1])
    assert seen(engine, stored[1], readers[0]) == fresh, "not even the version tells of it"
    with transaction(engine) as session:
        rounds.close(session, made.round_id, closed_by=readers[0], now=NOON)
    own = seen(engine, stored[0], readers[0])
    assert (own.round, len(own.state.findings)) == (None, 1)


def test_a_closed_round_takes_no_more(engine, make, act, readers, stored, state):
    made = make()
    reading = act(stored[0], readers[0], "add", ADD)
    with transaction(engine) as session:
        rounds.close(session, made.round_id, closed_by=readers[0], now=NOON)
        assert leases.take_next(session, readers[0], now=NOON) is None
        with pytest.raises(LungcoreError) as refused:
            readings.append(
                session,
                reading.reading_id,
                event_uid="late",
                kind="sign",
                payload={},
                account_id=readers[0],
                expected_version=reading.version,
            )
    assert refused.value.key == "records.round_closed"
    assert state(readers[0]) == []


def test_rounds_leave_the_worklists_summary_alone(engine, make, act, readers, stored):
    make()
    act(stored[0], readers[0], "add", ADD)
    with snapshot(engine) as session:
        kept = studies.series(session, stored[0])
    assert (kept.state, kept.findings) == ("imported", 0)


def test_the_patients_other_series_are_shut_and_their_findings_not_told(
    engine, make, readers, stored, new_series
):
    with transaction(engine) as session:
        studies.add_series(session, new_series("1.6", patient_id=stored[0]))
        studies.add_series(session, new_series("1.7", patient_id="somebody"))
    detect(engine, "1.6")
    detect(engine, "1.7")
    make(machine_hidden=True, account_ids=readers[:1], reads=1)
    with pytest.raises(LungcoreError) as refused:
        seen(engine, "1.6", readers[0])
    assert refused.value.key == "records.patient_blinded"
    assert seen(engine, "1.6", readers[1]).state.findings
    assert seen(engine, "1.7", readers[0]).state.findings
    with snapshot(engine) as session:
        ids = set(session.scalars(blinding.hidden(session, readers[0])))
        hidden = {session.get(SeriesRow, one).series_uid for one in ids}
        assert hidden == {*stored, "1.6"}
        assert not set(session.scalars(blinding.hidden(session, readers[1])))


def test_the_worklist_tells_a_blinded_reader_no_findings_and_sorts_by_none(
    engine, make, readers, stored
):
    for number, uid in enumerate(stored):
        detect(engine, uid, Candidate((1.0, 2.0, 3.0), 8.0, 0.9, number / 10))
    make(series_uids=stored[:4], account_ids=readers[:1], reads=1)

    def rows(reader, sort):
        with snapshot(engine) as session:
            return studies.worklist(session, sort=sort, reader=reader).rows

    for sort in ("malignancy", "findings"):
        told = [(r.series_uid, r.findings, r.malignancy) for r in rows(readers[0], sort)]
        assert told[:2] == [(stored[5], 1, 0.5), (stored[4], 1, 0.4)]
        by_number = [(uid, None, None) for uid in reversed(stored[:4])]
        assert told[2:] == by_number, "neither the values nor their order"
    assert next(row.malignancy for row in rows(readers[1], "malignancy")) == 0.5
    assert all(row.findings == 1 for row in rows(readers[1], "findings"))


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"name": "  "}, "round_name"),
        ({"name": "x" * 65}, "round_name"),
        ({"series_uids": []}, "round_empty"),
        ({"account_ids": []}, "round_empty"),
        ({"series_uids": ["9.9"]}, "round_series"),
        ({"reads": 0}, "round_reads"),
        ({"reads": 3}, "round_reads"),
    ],
)
def test_what_can_be_no_round_is_told(make, given, key):
    with pytest.raises(LungcoreError) as refused:
        make(**given)
    assert refused.value.key == f"records.{key}"


def test_a_reader_reads_a_patient_in_one_open_round(engine, make, readers, stored, new_series):
    first = make(series_uids=stored[:2], account_ids=readers[:1], reads=1)
    with pytest.raises(LungcoreError) as taken:
        make(series_uids=stored[4:])
    assert taken.value.key == "records.round_name_taken"
    with transaction(engine) as session:
        studies.add_series(session, new_series("1.6", patient_id=stored[0]))
    for uids in (stored[1:], ["1.6"]):
        with pytest.raises(LungcoreError) as refused:
            make(name="second", series_uids=uids)
        assert refused.value.key == "records.round_overlaps"
    make(name="second", series_uids=["1.6"], account_ids=readers[1:], reads=1)
    with transaction(engine) as session:
        rounds.close(session, first.round_id, closed_by=readers[0], now=NOON)
        rounds.close(session, first.round_id, closed_by=readers[0], now=LATER)
    make(name="third", series_uids=stored[1:], account_ids=readers[:1], reads=1)
    with snapshot(engine) as session:
        assert audit.verify(session) == 4


def test_strategies_read_the_records(engine, make, take, act, readers, stored):
    for uid, probability in zip(stored, (0.9, 0.6, 0.1, 0.99, 0.5, 0.7), strict=True):
        detect(engine, uid, Candidate((1.0, 2.0, 3.0), 8.0, probability, None))
    first = make(strategy="uncertainty")
    assert take(readers[0]) == stored[4]
    for reader in readers:
        act(stored[2], reader, "scan", {"no_nodules": True})
        act(stored[3], reader, "add", ADD | {"finding_uid": f"2.25.{reader}"})
    act(stored[2], readers[0], "add", ADD)
    for uid in stored[2:4]:
        for reader in readers:
            act(uid, reader, "sign")
    with transaction(engine) as session:
        rounds.close(session, first.round_id, closed_by=readers[0], now=NOON)
    make(name="second", strategy="disagreement")
    assert take(readers[0]) == stored[2]


WRITERS, CASES = 8, 6


def test_readers_at_once_never_get_the_same_case_when_it_is_read_once(engine, make, stored, sign):
    """Eight readers draw from six cases read once, until nothing is left."""
    with transaction(engine) as session:
        rows = [
            AccountRow(
                username=f"reader{number}",
                display_name=f"R{number}",
                password_hash="",
                roles=["annotator"],
                language="en",
                disabled=False,
                created_at=NOON,
            )
            for number in range(WRITERS)
        ]
        session.add_all(rows)
        session.flush()
        accounts = [row.account_id for row in rows]
    make(account_ids=accounts, reads=1, strategy="random")
    start, taken = threading.Barrier(WRITERS), []

    def read(account):
        start.wait(30)
        while True:
            with transaction(engine) as session:
                now = datetime.now(UTC)
                uid = leases.take_next(session, account, now=now)
            if uid is None:
                return
            taken.append(uid)
            sign(uid, account)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(read, accounts))
    assert sorted(taken) == sorted(stored)


def test_readers_at_once_on_one_case_lose_nothing(engine, make, act, stored, readers):
    """Eight windows of both readers of a case; every mark ends in its reader's reading."""
    make(series_uids=stored[:1])
    start = threading.Barrier(WRITERS)

    def write(writer):
        start.wait(30)
        reader = readers[writer % 2]
        for number in range(CASES):
            uid = f"2.25.{writer * 100 + number + 1}"
            while True:
                try:
                    act(stored[0], reader, "add", ADD | {"finding_uid": uid})
                    break
                except readings.ReadingChanged:
                    continue

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    for place, reader in enumerate(readers):
        found = seen(engine, stored[0], reader).state.findings
        wanted = {f"2.25.{w * 100 + n + 1}" for w in range(place, WRITERS, 2) for n in range(CASES)}
        assert {one.finding_uid for one in found} == wanted
