"""A migrated database for each test, and things to put into it.

The tests of the records run on SQLite, or on the PostgreSQL server whose URL is in
LUNGCORE_TEST_POSTGRESQL; its databases lungcore_test and lungcore_test_template are overwritten.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from lungcore.findings.finding import Candidate
from lungcore.findings.labels import DrawnSet
from lungcore.records import label_files, label_layers, readings
from lungcore.records.database import connect, migrate, transaction
from lungcore.records.label_files import LabelFile
from lungcore.records.masks import MaskStore
from lungcore.records.studies import NewInstance, NewSeries, add_series
from lungcore.records.tables import AccountRow

POSTGRESQL = os.environ.get("LUNGCORE_TEST_POSTGRESQL", "")
AFFINE = (0.0, 0.0, 0.7, -100.0, 0.0, 0.8, 0.0, -90.0, 1.25, 0.0, 0.0, -300.0, 0.0, 0.0, 0.0, 1.0)
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a migrated, empty database, to be copied."""
    url = f"sqlite:///{tmp_path_factory.mktemp('migrated') / 'lungcore.db'}"
    if POSTGRESQL:
        url = _made_on_server("lungcore_test_template", "template0")
    migrate(url)
    return url


@pytest.fixture
def engine(migrated: str, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'lungcore.db'}"
    if POSTGRESQL:
        url = _made_on_server("lungcore_test", "lungcore_test_template")
    else:
        shutil.copy(make_url(migrated).database, tmp_path / "lungcore.db")
    engine = connect(url)
    yield engine
    engine.dispose()


def _made_on_server(name: str, template: str) -> str:
    server = create_engine(POSTGRESQL, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    server.dispose()
    return make_url(POSTGRESQL).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def sqlite_only() -> None:
    if POSTGRESQL:
        pytest.skip("is about SQLite, and LUNGCORE_TEST_POSTGRESQL is set")


@pytest.fixture
def new_series() -> Callable[..., NewSeries]:
    """A believable series; any attribute can be given."""

    def make(series_uid: str = "1.2.3", **given: Any) -> NewSeries:
        files = tuple(
            NewInstance(
                sop_uid=f"{series_uid}.{n}",
                sha256=f"{n:064x}",
                size_bytes=2**31 + n,
                transfer_syntax_uid="1.2.840.10008.1.2.1",
                file_name=f"IM{n}",
            )
            for n in range(3)
        )
        values: dict[str, Any] = {
            "study_uid": f"{series_uid}.0",
            "patient_id": "P1",
            "patient_name": "DOE^JANE",
            "patient_birth_date": "1950-01-31",
            "patient_sex": "F",
            "study_date": "2024-05-06",
            "study_time": "101112",
            "study_description": "CT THORAX",
            "accession_number": "A100",
            "series_number": 2,
            "series_description": "Lung 1.0",
            "manufacturer": "Maker",
            "convolution_kernel": "B50f",
            "body_part": "CHEST",
            "slice_thickness_mm": 1.25,
            "verdict": "accept",
            "reasons": (),
            "slices": 3,
            "rows": 512,
            "columns": 512,
            "spacing_mm": (1.25, 0.7, 0.7),
            "affine": tuple(float(n) for n in range(16)),
            "frame_of_reference_uid": "1.9",
            "pixel_hash": "ab" * 32,
            "phantom": False,
            "instances": files,
        }
        return NewSeries(series_uid=series_uid, **(values | given))

    return make


@pytest.fixture
def stored_series(engine: Engine, new_series: Callable[..., NewSeries]) -> str:
    with transaction(engine) as session:
        add_series(session, new_series())
    return "1.2.3"


@pytest.fixture
def readers(engine: Engine) -> tuple[int, int]:
    """Two accounts; their passwords are of no matter here and fast to make."""
    rows = [
        AccountRow(
            username=name,
            display_name=name.title(),
            password_hash="",
            roles=["clinician"],
            language="en",
            disabled=False,
            created_at=NOON,
        )
        for name in ("ann", "bob")
    ]
    with transaction(engine) as session:
        session.add_all(rows)
        session.flush()
        return rows[0].account_id, rows[1].account_id


@pytest.fixture
def candidates() -> list[Candidate]:
    return [
        Candidate((1.0, 2.0, 3.0), 8.0, 0.4, 0.9, {"texture": 3.25, "margin": 1.5}),
        Candidate((-10.5, 20.25, -300.0), 14.2, 0.97, 0.7),
        Candidate((0.0, 0.0, 0.0), 4.0, 0.2, None),
    ]


@pytest.fixture
def add(engine, new_series):
    """Remember a series with pixels of its own."""

    def added(uid="1.2.3", **given):
        values = {"slices": 40, "rows": 50, "columns": 60, "affine": AFFINE}
        values |= {"pixel_hash": f"{int(uid.replace('.', '')):064x}", "patient_id": f"P{uid}"}
        with transaction(engine) as session:
            add_series(session, new_series(uid, **values | given))
        return uid

    return added


@pytest.fixture
def masks(tmp_path):
    return MaskStore(tmp_path)


@pytest.fixture
def label(engine, masks):
    """A file in which readers label a series; nothing marked where no marks are given."""
    count = iter(range(1, 1000))

    def labelled(uid, reader="ann", *marks):
        file = LabelFile(sha256=f"{next(count):064x}", file_name="a.json", format="json")
        with transaction(engine) as session:
            label_files.keep_file(session, file, None)
            one = DrawnSet(series_uid=uid, reader=reader, marks=marks)
            label_layers.add(session, file, uid, [one], masks)

    return labelled


@pytest.fixture
def read(engine):
    """A reader's events on a series, one after the other."""

    def say(account_id, uid, *events):
        with transaction(engine) as session:
            reading = readings.open_reading(session, uid, account_id)
            for kind, payload in events:
                reading = readings.append(
                    session,
                    reading.reading_id,
                    event_uid=f"{uid}-{account_id}-{reading.version}",
                    kind=kind,
                    payload=payload,
                    account_id=account_id,
                    expected_version=reading.version,
                )
        return reading

    return say
