"""What jobs write before their records are committed, and what a crash leaves of it.

A file without a record is a leftover. Who writes files shares a lock until the record is committed;
who cleans needs it alone.
"""

import fcntl
import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lungcore.records import database, models, studies
from lungcore.records.layers import LayerStore
from lungcore.records.model_files import ModelStore
from lungcore.records.originals import OriginalStore
from lungcore.records.pixels import PixelStore
from lungcore.settings import Settings

TEMPORARY = "importing-"

log = logging.getLogger(__name__)


def clean_leftovers(settings: Settings) -> None:
    """Remove what crashed jobs left behind; nothing while a job writes, here or elsewhere."""
    storage = settings.storage
    storage.mkdir(parents=True, exist_ok=True)
    with _lock(storage, fcntl.LOCK_EX | fcntl.LOCK_NB) as held:
        if not held:
            return
        engine = database.connect(settings.database_url)
        with database.snapshot(engine) as session:
            known = studies.known_files(session)
            folders = models.known_folders(session)
        engine.dispose()
        for folder in storage.glob(f"{TEMPORARY}*"):
            shutil.rmtree(folder)
        removed = [
            *PixelStore(storage).clean(known.pixel_hashes),
            *OriginalStore(storage).clean(set(known.sha256s)),
            *LayerStore(storage).clean(set(known.layers)),
            *ModelStore(storage).clean(folders),
        ]
    if removed:
        log.info("removed %d volumes, layers, models and files of crashed jobs", len(removed))


@contextmanager
def kept_from_cleaning(storage: Path) -> Iterator[None]:
    """What is written to `storage` is safe from `clean_leftovers` until the block ends."""
    storage.mkdir(parents=True, exist_ok=True)
    with _lock(storage, fcntl.LOCK_SH):
        yield


@contextmanager
def temporary_folder(storage: Path) -> Iterator[Path]:
    """A temporary folder; it and the rest of `storage` are kept from cleaning."""
    with (
        kept_from_cleaning(storage),
        tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=storage) as temporary,
    ):
        yield Path(temporary)


@contextmanager
def _lock(storage: Path, kind: int) -> Iterator[bool]:
    """Hold the lock of the storage, or yield False. The kernel frees it when the process dies."""
    with (storage / "import.lock").open("a") as file:
        try:
            fcntl.flock(file, kind)
        except BlockingIOError:
            yield False
            return
        yield True
