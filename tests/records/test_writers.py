"""Eight writers on one reading lose nothing: an event is taken once, or refused and told."""

import threading
from concurrent.futures import ThreadPoolExecutor

from lungcore.records import readings
from lungcore.records.database import connect, snapshot, transaction
from lungcore.records.readings import ReadingChanged

WRITERS, MARKS = 8, 6


def test_eight_writers_on_one_case_lose_nothing(engine, stored_series, readers):
    url = engine.url.render_as_string(hide_password=False)
    start = threading.Barrier(WRITERS)
    with transaction(engine) as session:
        opened = readings.open_reading(session, stored_series, readers[0])

    def save(own, number, version):
        with transaction(own) as session:
            return readings.append(
                session,
                opened.reading_id,
                event_uid=f"e{number}",
                kind="add",
                payload={
                    "finding_uid": f"2.25.{number}",
                    "center_mm": [number, 0, 0],
                    "diameter_mm": 5,
                },
                account_id=readers[0],
                expected_version=version,
            )

    def write(writer):
        """Saves marks on the version seen last; told of a change, puts them on top of it."""
        own, version, refusals = connect(url), opened.version, 0
        start.wait()
        for number in range(100 * writer, 100 * writer + MARKS):
            while True:
                try:
                    version = save(own, number, version).version
                    break
                except ReadingChanged:
                    refusals += 1
                    with snapshot(own) as session:
                        version = readings.load(session, opened.reading_id).version
        own.dispose()
        return refusals

    with ThreadPoolExecutor(WRITERS) as pool:
        refusals = sum(pool.map(write, range(WRITERS)))
    with snapshot(engine) as session:
        found = readings.load(session, opened.reading_id)
        events = readings.events(session, opened.reading_id)
    numbers = {100 * writer + mark for writer in range(WRITERS) for mark in range(MARKS)}
    assert {one.finding_uid for one in found.state.findings} == {f"2.25.{n}" for n in numbers}
    assert sorted(event.event_uid for event in events) == sorted(f"e{n}" for n in numbers)
    assert [event.seq for event in events] == list(range(1, len(numbers) + 1))
    assert refusals >= WRITERS - 1, "all began on one version: all but the first are told"
