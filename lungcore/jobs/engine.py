"""What the client and the worker must agree on about the job database."""

from pathlib import Path
from typing import NoReturn

from dbos import DBOS, DBOSPortableJSONSerializer
from dbos._serialization import DefaultSerializer

from lungcore.records import database

APPLICATION = "lungcore"
# Jobs outlive upgrades. The library's default version, a hash of the source, would strand them.
VERSION = "1"
IMPORT_QUEUE = "import"
DETECT_QUEUE = "detect"
LEARN_QUEUE = "learn"
PROGRESS_EVENT = "progress"
LOG_BYTES = 10_000_000
SERIALIZER = DBOSPortableJSONSerializer()


class PickleRefusedError(Exception):
    """A row of the job database is a Python pickle, which would run code when it is read."""


def refuse_pickle() -> None:
    """Make this process refuse pickled rows of the job database.

    The engine unpickles any row that is marked as a pickle, whatever serializer is configured:
    who can write a row could run code in every worker and web process.
    """
    DefaultSerializer.deserialize = _refuse  # type: ignore[method-assign, assignment]


def _refuse(_serializer: DefaultSerializer, _data: str) -> NoReturn:
    raise PickleRefusedError("the job database holds a pickled value; lungcore writes JSON only")


def prepare(jobs_url: str) -> None:
    """Create the job database or bring it to the engine's schema; safe from many processes.

    The records' connection puts an SQLite file into WAL mode, without which readers and writers
    of the queue hold each other up.
    """
    engine = database.connect(jobs_url)
    try:
        with engine.connect():
            pass
    finally:
        engine.dispose()
    DBOS.migrate(jobs_url)


def log_file(home: Path) -> Path:
    """Where the worker of this home folder writes what engineers need to know."""
    return home / "logs" / "worker.log"
