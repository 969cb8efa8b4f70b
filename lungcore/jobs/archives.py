"""The members of a zip, brought to disk one at a time."""

import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from lungcore.errors import LungcoreError

BLOCK_BYTES = 1 << 20
LARGEST_RATIO = 200  # CT images shrink two- to tenfold
MOST_MEMBERS = 100_000
ENCRYPTED = 0x1  # general purpose bit flag, APPNOTE.TXT 4.4.4


def members(path: Path, name: str) -> Iterator[tuple[str, zipfile.ZipFile, zipfile.ZipInfo]]:
    """The files of the zip at `path`: the name to tell of, the archive and the entry.

    Raises LungcoreError when the zip is damaged or would grow beyond measure.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            total = sum(entry.file_size for entry in entries)
            if len(entries) > MOST_MEMBERS or total > _most_bytes(path.stat().st_size):
                raise LungcoreError("importing.zip_bomb", file=name)
            for entry in entries:
                yield f"{name}/{entry.filename}", archive, entry
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise LungcoreError("importing.zip_damaged", file=name) from error


def extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, name: str) -> None:
    """Write one member to `target`, in blocks, whatever its own name is.

    Raises LungcoreError naming the member `name` when it is encrypted, would lie outside the
    folder, is damaged, or holds more than it says.
    """
    inside = PureWindowsPath(entry.filename)  # knows the separators of both worlds
    if inside.anchor or ".." in inside.parts:
        raise LungcoreError("importing.zip_path", file=name)
    if entry.flag_bits & ENCRYPTED:
        raise LungcoreError("importing.zip_encrypted", file=name)
    if entry.file_size > _most_bytes(entry.compress_size):
        raise LungcoreError("importing.zip_bomb", file=name)
    try:
        # Python stops at the size that the entry gives and then checks its CRC.
        with archive.open(entry) as source, target.open("wb") as file:
            while block := source.read(BLOCK_BYTES):
                file.write(block)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise LungcoreError("importing.zip_member_damaged", file=name) from error


def _most_bytes(compressed: int) -> int:
    return LARGEST_RATIO * compressed + BLOCK_BYTES
