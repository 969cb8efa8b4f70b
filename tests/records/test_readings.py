"""Readings: saved at once, never lost, never twice, and still while one looks at them."""

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from lungcore.errors import LungcoreError
from lungcore.findings.reading import fold
from lungcore.records import audit, detections, readings
from lungcore.records.database import connect, snapshot, transaction
from lungcore.records.readings import ReadingChanged
from lungcore.records.studies import add_series, series

ADD = {"finding_uid": "2.25.5", "center_mm": [1, 2, 3], "diameter_mm": 6}


@pytest.fixture
def act(engine, stored_series, readers):
    """Append to the first reader's reading in a transaction of its own."""

    def append(kind, payload=None, *, version=None, uid=None, reader=readers[0]):
        with transaction(engine) as session:
            reading = readings.open_reading(session, stored_series, reader)
            return readings.append(
                session,
                reading.reading_id,
                event_uid=uid or f"e{reader}.{reading.version}",
                kind=kind,
                payload={"event_uid": reading.state.undo_target}
                if kind == "undo"
                else payload or {},
                account_id=reader,
                expected_version=reading.version if version is None else version,
            )

    return append


@pytest.fixture
def detect(engine, stored_series):
    def run(job_id, candidates):
        with transaction(engine) as session:
            detections.start(session, stored_series, job_id, None)
            detections.finish(session, job_id, candidates, {"detector": job_id}, {})

    return run


@pytest.fixture
def look(engine, stored_series):
    def at(reader):
        with transaction(engine) as session:
            return readings.open_reading(session, stored_series, reader)

    return at


@pytest.fixture
def summary(engine, stored_series):
    def of():
        with snapshot(engine) as session:
            stored = series(session, stored_series)
        return stored.state, stored.findings, stored.malignancy

    return of


def test_opening_changes_nothing_and_gives_the_same_reading_again(
    detect, candidates, look, readers, summary
):
    detect("job-1", candidates)
    first = look(readers[0])
    assert look(readers[0]) == first
    assert look(readers[1]).reading_id != first.reading_id
    assert (first.version, first.reader_name, first.models) == (0, "Ann", {"detector": "job-1"})
    assert (first.signed_at, first.last_saved_at) == (None, None)
    assert summary() == ("ready", 3, 0.9)


def test_each_event_is_saved_and_the_worklist_follows(detect, candidates, act, summary, readers):
    detect("job-1", candidates)
    best = act("add", ADD).state.findings[0].finding_uid
    assert summary() == ("in_review", 4, 0.9)
    saved = act("reject", {"finding_uid": best, "reason": "vessel"})
    assert (saved.version, saved.state.finding(best).state) == (2, "rejected")
    assert saved.last_saved_at is not None
    assert summary() == ("in_review", 3, 0.9)
    assert act("undo").state.finding(best).state == "machine"
    signed = act("sign")
    assert signed.state.signed and signed.signed_at == signed.last_saved_at
    assert summary() == ("signed", 4, 0.9)
    with pytest.raises(LungcoreError) as refused:
        act("accept", {"finding_uid": best})
    assert refused.value.key == "findings.signed"
    assert act("reopen", {"reason": "prior arrived"}).signed_at is None
    assert summary() == ("in_review", 4, 0.9)


def test_history_folds_to_what_is_shown(engine, detect, candidates, act, look, readers):
    detect("job-1", candidates)
    machine = look(readers[0]).state.findings
    act("add", ADD)
    act("accept", {"finding_uid": machine[1].finding_uid})
    shown = act("undo")
    with snapshot(engine) as session:
        events = readings.events(session, shown.reading_id)
        assert readings.load(session, shown.reading_id) == shown
    assert [(e.seq, e.kind, e.account_id) for e in events] == [
        (1, "add", readers[0]),
        (2, "accept", readers[0]),
        (3, "undo", readers[0]),
    ]
    assert events[2].payload == {"event_uid": events[1].event_uid}
    assert all(event.at.utcoffset().total_seconds() == 0 for event in events)
    assert fold(machine, events) == shown.state


def test_the_same_event_again_adds_nothing(act):
    first = act("add", ADD, uid="e1", version=0)
    assert act("add", ADD, uid="e1", version=0) == first


def test_the_later_of_two_windows_is_told(act):
    act("add", ADD, version=0, uid="e1")
    with pytest.raises(ReadingChanged) as refused:
        act("sign", version=0, uid="e2")
    assert refused.value.key == "records.reading_changed"


def test_an_event_that_was_refused_leaves_no_trace(act, look, readers, summary):
    with pytest.raises(LungcoreError):
        act("accept", {"finding_uid": "9.9"})
    assert look(readers[0]).version == 0
    assert summary() == ("imported", 0, None)


def test_a_newer_detection_shows_until_the_first_event(detect, candidates, look, act, readers):
    detect("job-1", candidates)
    assert look(readers[0]).models == {"detector": "job-1"}
    detect("job-2", candidates[:2])
    seen = look(readers[0])
    assert (seen.models, len(seen.state.findings)) == ({"detector": "job-2"}, 2)
    act("accept", {"finding_uid": seen.state.findings[0].finding_uid})
    detect("job-3", candidates)
    pinned = look(readers[0])
    assert pinned.models == {"detector": "job-2"}
    assert [f.state for f in pinned.state.findings] == ["accepted", "machine"]
    assert look(readers[1]).models == {"detector": "job-3"}


def test_nobody_signs_findings_that_were_not_on_the_screen(detect, candidates, look, act, readers):
    on_screen = look(readers[0])
    detect("job-1", candidates)
    with pytest.raises(ReadingChanged):
        act("sign", version=on_screen.version)
    assert len(act("sign").state.findings) == 3


def test_findings_arrive_beside_marks_made_while_the_machine_was_looking(
    detect, candidates, act, look, readers, summary
):
    act("add", ADD)
    detect("job-1", candidates)
    shown = look(readers[0])
    assert summary() == ("in_review", 4, 0.9)
    assert [f.source for f in shown.state.findings] == ["machine"] * 3 + ["reader"]
    assert shown.state.can_undo


def test_a_signed_reading_gets_no_findings_afterwards(detect, candidates, act, look, readers):
    signed = act("sign")
    detect("job-1", candidates)
    assert look(readers[0]) == signed
    assert len(act("reopen", {"reason": "machine looked"}).state.findings) == 3


def test_a_series_is_signed_when_all_who_began_have_signed(
    engine, act, summary, readers, stored_series
):
    act("add", ADD)
    act("sign", reader=readers[1])
    assert summary()[0] == "in_review"
    act("sign")
    assert summary() == ("signed", 1, None)
    with snapshot(engine) as session:
        others = readings.of_series(session, stored_series)
    assert [(other.reader_name, other.findings) for other in others] == [("Ann", 1), ("Bob", 0)]
    assert all(other.signed_at is not None for other in others)


def test_only_the_reader_changes_a_reading(engine, look, readers):
    reading = look(readers[0])
    with pytest.raises(LungcoreError) as refused, transaction(engine) as session:
        readings.append(
            session,
            reading.reading_id,
            event_uid="e1",
            kind="sign",
            payload={},
            account_id=readers[1],
            expected_version=0,
        )
    assert refused.value.key == "records.reading_of_other"


@pytest.mark.parametrize("uid", ["", "x" * 65])
def test_an_event_uid_must_be_one(act, engine, look, readers, uid):
    reading = look(readers[0])
    with pytest.raises(LungcoreError) as refused, transaction(engine) as session:
        readings.append(
            session,
            reading.reading_id,
            event_uid=uid,
            kind="sign",
            payload={},
            account_id=readers[0],
            expected_version=0,
        )
    assert refused.value.values == {"name": "event_uid"}


def test_an_event_uid_of_another_reading_is_refused(act, readers):
    act("add", ADD, uid="e1")
    with pytest.raises(LungcoreError) as refused:
        act("add", ADD, uid="e1", reader=readers[1])
    assert refused.value.values == {"name": "event_uid"}


def test_signing_and_reopening_are_audited(engine, act):
    act("sign")
    act("reopen", {"reason": "typo"})
    with snapshot(engine) as session:
        assert audit.verify(session) == 2
        lines = session.execute(text("SELECT actor, action, detail FROM audit")).all()
    assert [line[:2] for line in lines] == [("ann", "reading.signed"), ("ann", "reading.reopened")]
    assert '"reason":"typo"' in lines[1].detail


@pytest.mark.parametrize("sql", ["UPDATE review_event SET kind = 'x'", "DELETE FROM review_event"])
def test_events_cannot_be_changed_or_deleted(engine, act, sql):
    act("add", ADD)
    with pytest.raises(DatabaseError, match="append-only"), engine.begin() as connection:
        connection.execute(text(sql))


def test_a_refused_series_is_not_read(engine, new_series, readers):
    with transaction(engine) as session:
        add_series(session, new_series("1.5", verdict="refuse", pixel_hash=""))
        with pytest.raises(LungcoreError) as refused:
            readings.open_reading(session, "1.5", readers[0])
    assert refused.value.key == "records.series_refused"


WRITERS, EACH = 8, 6


def test_writers_at_once_lose_nothing_and_double_nothing(engine, stored_series, readers, look):
    """Eight windows add their marks; who is too late is told, looks again and repeats."""
    reading_id = look(readers[0]).reading_id
    start, told = threading.Barrier(WRITERS), []

    def write(writer: int) -> None:
        start.wait(30)
        version = 0
        for number in range(EACH):
            uid = writer * 100 + number + 1
            saved = False
            while not saved:
                send = partial(_send, engine, reading_id, readers[0], uid)
                try:
                    send(version)
                    version = send(version).version  # the network repeats itself
                    saved = True
                except ReadingChanged:
                    told.append(writer)
                    with snapshot(engine) as session:
                        version = readings.load(session, reading_id).version

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    with snapshot(engine) as session:
        final = readings.load(session, reading_id)
        events = readings.events(session, reading_id)
        assert series(session, stored_series).findings == WRITERS * EACH
    expected = {f"2.25.{w * 100 + n + 1}" for w in range(WRITERS) for n in range(EACH)}
    assert sorted(f.finding_uid for f in final.state.findings) == sorted(expected)
    assert [event.seq for event in events] == list(range(1, WRITERS * EACH + 1))
    assert told, "with eight windows on one version, seven of the first eight must be told"


def _add_from_a_process(url: str, reading_id: int, account_id: int, writer: int) -> int:
    """Add ten marks; returns how often it was told that it was too late."""
    engine, told, version = connect(url), 0, 0
    for number in range(10):
        while True:
            try:
                uid = writer * 100 + number + 1
                version = _send(engine, reading_id, account_id, uid, version).version
                break
            except ReadingChanged:
                told += 1
                with snapshot(engine) as session:
                    version = readings.load(session, reading_id).version
    engine.dispose()
    return told


def test_processes_at_once_lose_nothing(engine, readers, look):
    reading_id = look(readers[0]).reading_id
    url = engine.url.render_as_string(hide_password=False)
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        jobs = [
            pool.submit(_add_from_a_process, url, reading_id, readers[0], writer)
            for writer in range(3)
        ]
        told = sum(job.result() for job in jobs)
    with snapshot(engine) as session:
        final = readings.load(session, reading_id)
    assert final.version == len(final.state.findings) == 30
    assert told, "those that began at version 0 after the first event must be told"


def _send(engine, reading_id, account_id, uid, version):
    with transaction(engine) as session:
        return readings.append(
            session,
            reading_id,
            event_uid=f"event-{uid}",
            kind="add",
            payload=ADD | {"finding_uid": f"2.25.{uid}"},
            account_id=account_id,
            expected_version=version,
        )
