"""A home folder of one's own, workers as real processes, and waiting for what must come."""

import dataclasses
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lungcore.imaging.volume import Volume
from lungcore.jobs.client import JobsClient
from lungcore.records import database
from lungcore.records.pixels import PixelStore
from lungcore.records.studies import NewInstance, NewSeries, add_series
from lungcore.settings import Settings, load

ROOT = Path(__file__).resolve().parents[2]
LONGEST_WAIT_SECONDS = 120.0


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Asks again and again until a condition holds; fails when it does not come to hold."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        while not condition():
            assert time.monotonic() < deadline, "what was waited for did not come"
            time.sleep(0.05)

    return wait


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = load({"LUNGCORE_HOME": str(tmp_path / "home")})
    database.migrate(made.database_url)
    return made


@pytest.fixture
def client(settings: Settings) -> Iterator[JobsClient]:
    opened = JobsClient(settings)
    yield opened
    opened.close()


@pytest.fixture
def series_uid(settings: Settings) -> str:
    """A small stored series."""
    hu = np.zeros((3, 16, 16), np.int16)
    pixel_hash = PixelStore(settings.storage).write("1.2.3", Volume(hu, np.eye(4)))
    texts = dict.fromkeys(
        (field.name for field in dataclasses.fields(NewSeries) if field.type in (str, "str")), ""
    )
    new = NewSeries(
        **texts
        | {
            "series_uid": "1.2.3",
            "study_uid": "1.2",
            "pixel_hash": pixel_hash,
            "series_number": None,
            "slice_thickness_mm": None,
            "verdict": "accept",
            "reasons": (),
            "slices": 3,
            "rows": 16,
            "columns": 16,
            "spacing_mm": (1.0, 1.0, 1.0),
            "affine": tuple(np.eye(4).ravel()),
            "phantom": False,
            "instances": (
                NewInstance(
                    sop_uid="1.2.3.1",
                    sha256="0" * 64,
                    size_bytes=1,
                    transfer_syntax_uid="1.2.840.10008.1.2.1",
                    file_name="a.dcm",
                ),
            ),
        }
    )
    with database.transaction(database.connect(settings.database_url)) as session:
        add_series(session, new)
    return "1.2.3"


@pytest.fixture
def start_worker(settings: Settings) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts worker processes whose detector does as `orders.py` says."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        worker = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("fake_worker.py"))],
            env={**os.environ, "LUNGCORE_HOME": str(settings.home), "PYTHONPATH": str(ROOT)},
        )
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


@dataclasses.dataclass
class FakeDetector:
    """The other end of the detector in `fake_worker.py`: files in the home folder are orders."""

    home: Path

    @property
    def starts(self) -> int:
        """How often a detection began."""
        calls = self.home / "calls"
        return len(calls.read_text()) if calls.exists() else 0

    @property
    def stopped(self) -> bool:
        """Whether a detection noticed that it was to stop."""
        return (self.home / "stopped").exists()

    def order(self, name: str) -> None:
        """`finish`: hand back one candidate; `fail`, `break`: raise; `die`: end the process."""
        (self.home / name).touch()

    def withdraw(self, name: str) -> None:
        """Take an order back."""
        (self.home / name).unlink()


@pytest.fixture
def detector(settings: Settings) -> FakeDetector:
    return FakeDetector(settings.home)
