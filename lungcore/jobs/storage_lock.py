"""The lock of the storage: imports share it, and nobody cleans up while one runs."""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY = "importing-"


@contextmanager
def importing(storage: Path) -> Iterator[Path]:
    """A temporary folder, which is safe, as new originals are, until the block ends."""
    storage.mkdir(parents=True, exist_ok=True)
    with (
        lock(storage, fcntl.LOCK_SH),
        tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=storage) as temporary,
    ):
        yield Path(temporary)


@contextmanager
def lock(storage: Path, kind: int) -> Iterator[bool]:
    """Hold the lock of the storage, or yield False. The kernel frees it when the process dies."""
    with (storage / "import.lock").open("a") as file:
        try:
            fcntl.flock(file, kind)
        except BlockingIOError:
            yield False
            return
        yield True
