"""How long the agreement of two readers over 1,000 cases takes at the server, in a large store.

    python -m benchmarks.agreement [--sizes 1000 10000 100000] [--cases 1000] [--repeats 20]

Each store is made afresh in a temporary folder: series that two readers of imported files labelled,
two that signed readings, and series that others labelled. Prints 50th and 95th percentile in ms.
"""

import argparse
import gc
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Engine, insert

from benchmarks.worklist import series_rows
from lungcore.findings.attributes import SCALES
from lungcore.findings.labels import Grid
from lungcore.findings.mask import Mask, encode
from lungcore.records import agreeing, label_sources
from lungcore.records.database import connect, migrate, snapshot, transaction
from lungcore.records.masks import MaskStore
from lungcore.records.round_tables import OWN
from lungcore.records.tables import AccountRow, EventRow, LabelLayerRow, ReadingRow, SeriesRow

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SIDE = 12  # voxels of a mask in the plane
AFFINE = (0.0, 0.0, 0.7, -180.0, 0.0, 0.7, 0.0, -180.0, 1.25, 0.0, 0.0, -300.0, 0.0, 0.0, 0.0, 1.0)

GRID = Grid((300, 512, 512), np.array(AFFINE).reshape(4, 4))


def main() -> None:
    """Fill, time, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--repeats", type=int, default=20)
    arguments = parser.parse_args()
    for size in arguments.sizes:
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{Path(folder) / 'agreement.db'}"
            migrate(url)
            engine, masks = connect(url), MaskStore(Path(folder))
            fill(engine, masks, size, arguments.cases)
            engine.dispose()  # brings what was written into the database itself
            print(f"{size} series, {arguments.cases} cases a pair")
            gc.collect()
            gc.freeze()  # as app.py does
            _show("who labelled", _times_ms(partial(_readers, engine), arguments.repeats))
            for name, pair in {
                "layers with masks": ("ann", "bob"),
                "signed readings": ("account-1", "account-2"),
            }.items():
                first = _times_ms(partial(_pairs, engine, masks, pair), arguments.repeats)
                again = _times_ms(partial(_fingerprint, engine, pair), arguments.repeats)
                _show(name, first)
                _show(f"{name}, unchanged", again)
            engine.dispose()


def _show(name: str, times_ms: Sequence[float]) -> None:
    p50, p95 = np.percentile(times_ms, [50, 95])
    print(f"  {name:30} p50 {p50:7.1f} ms   p95 {p95:7.1f} ms")


def _times_ms(work: Callable[[], object], repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        assert work()
        times.append((time.perf_counter() - start) * 1000)
    return times


def _readers(engine: Engine) -> object:
    with snapshot(engine) as session:
        return label_sources.reader_names(session)


def _pairs(engine: Engine, masks: MaskStore, pair: Sequence[str]) -> object:
    with snapshot(engine) as session:
        [found] = agreeing.agreement(session, pair, masks).pairs
    return found.both


def _fingerprint(engine: Engine, pair: Sequence[str]) -> object:
    """What the page asks before it takes the figures that it has."""
    with snapshot(engine) as session:
        return agreeing.fingerprint(session, pair)


def fill(engine: Engine, masks: MaskStore, size: int, cases: int) -> None:
    """Series; on the first `cases` of them ann and bob's layers and accounts 1 and 2's readings."""
    chance = np.random.default_rng(1)
    rows = [
        row | {"affine": list(AFFINE), "slices": 300, "rows": 512, "columns": 512}
        for row in series_rows(size)
    ]
    with transaction(engine) as session:
        session.execute(insert(SeriesRow), rows)
        session.execute(insert(AccountRow), [_account(number) for number in (1, 2)])
        layers = list(_layers(rows, masks, cases, chance))
        session.execute(insert(LabelLayerRow), layers)
        readings = [_reading(n, s, a) for n, (s, a) in enumerate(_read(cases), start=1)]
        session.execute(insert(ReadingRow), readings)
        session.execute(insert(EventRow), list(_events(cases, chance)))


def _account(number: int) -> dict[str, Any]:
    return {
        "account_id": number,
        "username": f"reader{number}",
        "display_name": f"Reader {number}",
        "password_hash": "",
        "roles": [],
        "language": "en",
        "disabled": False,
        "created_at": NOW,
    }


def _layers(
    rows: list[dict[str, Any]], masks: MaskStore, cases: int, chance: np.random.Generator
) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows, start=1):
        centres = chance.uniform((-150, -150, -280), (150, 150, 50), (chance.integers(0, 4), 3))
        readers = ("ann", "bob") if number <= cases else ("eve",)
        for reader in readers:
            marks = [
                _mark(row["series_uid"], centre, masks, chance, number <= cases)
                for centre in centres
                if chance.random() < 0.85
            ]
            yield {
                "series_id": number,
                "reader": reader,
                "source": "imported",
                "nodules": len(marks),
                "marks": marks,
                "outside": [],
                "content_sha256": f"{number:032x}{hash(reader) % 2**64:032x}",
                "created_at": NOW,
            }


def _mark(
    series_uid: str, centre: np.ndarray, masks: MaskStore, chance: np.random.Generator, drawn: bool
) -> dict[str, Any]:
    place = centre + chance.normal(0, 0.5, 3)
    return {
        "name": "1",
        "kind": "nodule",
        "center_mm": place.tolist(),
        "diameter_mm": float(chance.uniform(4, 15)),
        "attributes": {name: int(chance.integers(1, top + 1)) for name, top in SCALES.items()},
        "mask": _drawn(series_uid, place, masks, chance) if drawn else None,
    }


class _Place(NamedTuple):
    """As much of a series as a mask needs."""

    series_uid: str
    grid: Grid
    shape: tuple[int, int, int]


def _drawn(
    series_uid: str, place: np.ndarray, masks: MaskStore, chance: np.random.Generator
) -> str:
    column, row = ((place[:2] + 180) / 0.7).astype(int)
    voxels = chance.random((SIDE // 2, SIDE, SIDE)) < 0.7
    origin = (int((place[2] + 300) / 1.25), int(row), int(column))
    return masks.add(_Place(series_uid, GRID, GRID.shape), encode(Mask(origin, voxels)))


def _read(cases: int) -> Iterator[tuple[int, int]]:
    """(series_id, account_id) of each signed reading."""
    return ((series, account) for series in range(1, cases + 1) for account in (1, 2))


def _reading(number: int, series_id: int, account_id: int) -> dict[str, Any]:
    return {
        "reading_id": number,
        "series_id": series_id,
        "account_id": account_id,
        "round": OWN,
        "version": 4,
        "events": 4,
        "findings": 2,
        "opened_at": NOW,
        "saved_at": NOW,
        "signed_at": NOW,
    }


def _events(cases: int, chance: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Two marks, one of them edited, and the signature of each reading."""
    for number, (series_id, account_id) in enumerate(_read(cases), start=1):
        places = np.random.default_rng(series_id).uniform(-100, 100, (2, 3))
        places += chance.normal(0, 0.5, places.shape)
        said = [
            ("add", _shape(number, 1, places[0], 8.0)),
            ("add", _shape(number, 2, places[1], 11.0)),
            ("edit", _shape(number, 1, places[0], 9.0)),
            ("sign", {}),
        ]
        for seq, (kind, payload) in enumerate(said, start=1):
            yield {
                "reading_id": number,
                "seq": seq,
                "event_uid": str(uuid.UUID(int=number * 10 + seq)),
                "at": NOW,
                "account_id": account_id,
                "kind": kind,
                "payload": payload,
            }


def _shape(reading: int, number: int, place: np.ndarray, diameter_mm: float) -> dict[str, Any]:
    finding_uid = f"2.25.{reading}.{number}"
    return {"finding_uid": finding_uid, "center_mm": place.tolist(), "diameter_mm": diameter_mm}


if __name__ == "__main__":
    main()
