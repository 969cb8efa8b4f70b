"""Files as one zip that is sent while it is made: nothing waits for the last file, or on disk."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

BLOCK_BYTES = 2**20


def zipped(files: Iterable[tuple[str, Path]]) -> Iterator[bytes]:
    """The zip, block by block, of files given as (name in the zip, where it lies).

    Stored and not deflated: CT images hardly shrink. Raises OSError at a file that is not there.
    """
    outbox = _Outbox()
    with zipfile.ZipFile(outbox, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files:
            entry = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
            with path.open("rb") as source, archive.open(entry, "w") as member:
                while block := source.read(BLOCK_BYTES):
                    member.write(block)
                    yield outbox.take()
    yield outbox.take()


class _Outbox(io.RawIOBase):
    """What was written since it was last emptied. It cannot seek: sizes go behind each file."""

    def __init__(self) -> None:
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, block) -> int:  # type: ignore[no-untyped-def]
        self._waiting += block
        return len(block)

    def take(self) -> bytes:
        """Empty it."""
        block, self._waiting = bytes(self._waiting), bytearray()
        return block
