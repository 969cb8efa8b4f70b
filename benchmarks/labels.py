"""How long rounds and readings take at the database, at 10^3, 10^4 and 10^5 studies.

    python -m benchmarks.labels [--sizes 1000 10000 100000] [--repeats 60]

A study has ten findings of the machine and one reading of fifty events: 1,000,000 findings and
5,000,000 events at the largest. Two readers have a blinded round over all of it, nine tenths of
which are read. Each database is made afresh in a temporary folder. Prints the 50th and 95th
percentile in ms.
"""

import argparse
import json
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, insert, select, text, update
from sqlalchemy.orm import Session

from benchmarks.worklist import series_rows
from lungcore.records import history as histories
from lungcore.records import leases, readings, rounds
from lungcore.records.database import connect, migrate, snapshot, transaction
from lungcore.records.round_tables import AssignmentRow
from lungcore.records.tables import AccountRow, SeriesRow
from lungcore.records.worklist import worklist

BATCH = 5_000
FINDINGS, EVENTS = 10, 50
NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
AT = NOW.isoformat(sep=" ").removesuffix("+00:00")  # as SQLite keeps it
MACHINE_SQL = (
    "INSERT INTO machine_finding (detection_id, rank, finding_uid, x_mm, y_mm, z_mm, diameter_mm,"
    " probability, malignancy) VALUES (?, ?, ?, 1, 2, 3, 8, ?, ?)"
)
EVENT_SQL = (
    "INSERT INTO review_event (reading_id, seq, event_uid, at, account_id, kind, payload)"
    " VALUES (?, ?, ?, ?, 1, ?, ?)"
)
Timed = Callable[[Session], object]


def main() -> None:
    """Fill, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=60)
    arguments = parser.parse_args()
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'labels.db'}"
            migrate(url)
            engine = connect(url)
            _fill(engine, size)
            seconds = _make_round(engine)
            counts = f"{size * FINDINGS:,} findings, {size * EVENTS:,} events"
            print(f"{size:,} studies, {counts}; a round over all made in {seconds:.1f} s")
            _print_times(engine, size, arguments.repeats)
            engine.dispose()


def _print_times(engine: Engine, size: int, repeats: int) -> None:
    chance = random.Random(2)

    def history(session: Session) -> None:
        uid = session.scalar(
            select(SeriesRow.series_uid).where(SeriesRow.series_id == chance.randrange(size) + 1)
        )
        [found] = histories.visible(session, str(uid), 3, adjudicates=True)
        assert len(histories.of_reading(session, found.reading_id).entries) == EVENTS

    def state(session: Session) -> None:
        readings.load(session, chance.randrange(size) + 1)

    queries: dict[str, Timed] = {
        "worklist page": lambda session: worklist(session, reader=3),
        "worklist page, blinded": lambda session: worklist(session, reader=1),
        "by malignancy, blinded": lambda s: worklist(s, reader=1, sort="malignancy"),
        "history of a reading": history,
        "state of a reading": state,
        "progress of a reader": lambda session: rounds.progress(session, 1),
    }
    for name, query in queries.items():
        _print(name, [_read_ms(engine, query) for _ in range(repeats)])
    _print("next case", [_next_case_ms(engine) for _ in range(repeats)])


def _print(name: str, times: list[float]) -> None:
    p50, p95 = np.percentile(times, [50, 95])
    print(f"  {name:24} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms", flush=True)


def _read_ms(engine: Engine, query: Timed) -> float:
    start = time.perf_counter()
    with snapshot(engine) as session:
        query(session)
    return (time.perf_counter() - start) * 1000


def _next_case_ms(engine: Engine) -> float:
    """Of taking a case, which is then put aside as read."""
    start = time.perf_counter()
    with transaction(engine) as session:
        uid = leases.take_next(session, 1, now=NOW)
    spent = (time.perf_counter() - start) * 1000
    assert uid is not None
    with transaction(engine) as session:
        session.execute(
            update(AssignmentRow)
            .where(AssignmentRow.account_id == 1, AssignmentRow.lease_until.is_not(None))
            .values(state="done", lease_until=None)
        )
    return spent


def _make_round(engine: Engine) -> float:
    """A round by uncertainty for two readers, nine tenths of it read; seconds to make it."""
    with transaction(engine) as session:
        uids = list(session.scalars(select(SeriesRow.series_uid)))
        start = time.perf_counter()
        rounds.make(
            session,
            name="all",
            series_uids=uids,
            account_ids=[1, 2],
            blinded=True,
            machine_hidden=True,
            strategy="uncertainty",
            reads=2,
            made_by=1,
            now=NOW,
        )
        seconds = time.perf_counter() - start
        read = AssignmentRow.place < len(uids) * 9 // 10
        session.execute(update(AssignmentRow).where(read).values(state="done"))
    return seconds


def _fill(engine: Engine, size: int) -> None:
    rows = series_rows(size)
    with transaction(engine) as session:
        session.add_all(_account(number) for number in (1, 2, 3))
        while batch := list(islice(rows, BATCH)):
            session.execute(insert(SeriesRow), batch)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO detection (detection_id, series_id, job_id, state, models, seconds,"
                " error_values, started_at, finished_at) SELECT series_id, series_id,"
                " 'job ' || series_id, 'done', '{}', '{}', '{}', :at, :at FROM series"
            ),
            {"at": AT},
        )
        connection.execute(
            text(
                "INSERT INTO reading (reading_id, series_id, account_id, round, detection_id,"
                " version, events, findings, opened_at, saved_at, signed_at) SELECT"
                " series_id, series_id, 1, 0, series_id, :events, :events, :findings,"
                " :at, :at, :at FROM series"
            ),
            {"at": AT, "events": EVENTS, "findings": FINDINGS},
        )
        cursor = connection.connection.cursor()
        cursor.executemany(MACHINE_SQL, _machine(size))
        cursor.executemany(EVENT_SQL, _events(size))


def _account(number: int) -> AccountRow:
    return AccountRow(
        account_id=number,
        username=f"reader{number}",
        display_name=f"Reader {number}",
        password_hash="",
        roles=["annotator"],
        language="en",
        disabled=False,
        created_at=NOW,
    )


def _machine(size: int) -> Iterator[tuple[object, ...]]:
    chance = random.Random(3)
    for study in range(1, size + 1):
        for rank in range(FINDINGS):
            uid = f"2.25.{study * FINDINGS + rank}"
            yield study, rank, uid, chance.random(), chance.random()


def _events(size: int) -> Iterator[tuple[object, ...]]:
    """Edits of the machine's findings in turn, as a reader makes them."""
    for study in range(1, size + 1):
        for seq in range(1, EVENTS + 1):
            uid = f"2.25.{study * FINDINGS + seq % FINDINGS}"
            payload = {"finding_uid": uid, "center_mm": [1.5, 2.5, 3.5], "diameter_mm": 9.25}
            yield study, seq, f"e{study}.{seq}", AT, "edit", json.dumps(payload)


if __name__ == "__main__":
    main()
