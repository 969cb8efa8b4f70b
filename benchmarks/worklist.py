"""How long the worklist page takes at the database, at 10^3, 10^4 and 10^5 series.

    python -m benchmarks.worklist [--sizes 1000 10000 100000] [--repeats 40]

Each database is made afresh in a temporary folder. Prints the 50th and 95th percentile in ms.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Engine, insert

from lungcore.records.database import connect, migrate, snapshot, transaction
from lungcore.records.searching import searchable
from lungcore.records.studies import worklist
from lungcore.records.tables import SeriesRow

BATCH = 5_000
FAMILIES = ["SMITH", "WANG", "GARCIA", "MÜLLER", "OKAFOR", "TANAKA", "IVANOVA", "ROSSI"]
QUERIES: dict[str, dict[str, Any]] = {
    "default": {},
    "default, last page": {"page": None},
    "search, many": {"search": "wang"},
    "search, few": {"search": "P000077"},
    "search, none": {"search": "nobody here"},
    "state filter": {"states": ["ready"]},
    "state and search": {"states": ["in_review"], "search": "rossi lung"},
    "by name": {"sort": "patient_name", "descending": False},
    "by state": {"sort": "state"},
    "by malignancy": {"sort": "malignancy"},
    "by malignancy, rising": {"sort": "malignancy", "descending": False},
}


def main() -> None:
    """Fill, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=40)
    arguments = parser.parse_args()
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'worklist.db'}"
            migrate(url)
            engine = connect(url)
            _fill(engine, size)
            print(f"{size} series")
            for name, query in QUERIES.items():
                times = _times_ms(engine, _with_last_page(query, size), arguments.repeats)
                p50, p95 = np.percentile(times, [50, 95])
                print(f"  {name:24} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms")
            engine.dispose()


def _with_last_page(query: dict[str, Any], size: int) -> dict[str, Any]:
    return query | {"page": size // 25} if "page" in query else query


def _times_ms(engine: Engine, query: dict[str, Any], repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        with snapshot(engine) as session:
            worklist(session, **query)
        times.append((time.perf_counter() - start) * 1000)
    return times


def _fill(engine: Engine, size: int) -> None:
    rows = series_rows(size)
    with transaction(engine) as session:
        while batch := list(islice(rows, BATCH)):
            session.execute(insert(SeriesRow), batch)


def series_rows(size: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(1)
    for number in range(size):
        row = {
            "series_uid": f"1.3.6.1.4.1.14519.5.2.1.6279.6001.{chance.randrange(10**30)}",
            "study_uid": f"1.3.6.1.4.1.14519.5.2.1.6279.6001.{number // 2:030}",
            "patient_id": f"P{number // 4:06}",
            "patient_name": f"{chance.choice(FAMILIES)}^{number % 1000:03}",
            "patient_birth_date": "1950-01-01",
            "patient_sex": chance.choice("FM"),
            "study_date": str(date(2015, 1, 1) + timedelta(days=chance.randrange(4000))),
            "study_time": "101500",
            "study_description": "CT THORAX WITH CONTRAST",
            "accession_number": f"A{chance.randrange(10**8):08}",
            "series_number": 2,
            "series_description": chance.choice(["Lung 1.0 B60f", "Mediastinum 3.0 B30f"]),
            "manufacturer": "Maker of scanners",
            "convolution_kernel": "B60f",
            "body_part": "CHEST",
            "slice_thickness_mm": 1.0,
            "verdict": chance.choice(["accept", "accept", "accept", "warn"]),
            "reasons": [],
            "slices": 300,
            "rows": 512,
            "columns": 512,
            "spacing_mm": [1.0, 0.703125, 0.703125],
            "affine": [chance.uniform(-300, 300) for _ in range(16)],
            "frame_of_reference_uid": f"1.3.6.1.4.1.14519.5.2.1.6279.6002.{number:030}",
            "pixel_hash": f"{chance.getrandbits(256):064x}",
            "phantom": False,
            "imported_at": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=number),
            "state": chance.choice(["imported", "ready", "ready", "in_review", "signed", "signed"]),
            "findings": chance.randrange(12),
            "malignancy": chance.choice([None, chance.random()]),
        }
        text = ("patient_id", "patient_name", "accession_number", "series_uid")
        descriptions = ("study_description", "series_description")
        yield row | {"search_text": searchable(*(row[name] for name in text + descriptions))}


if __name__ == "__main__":
    main()
