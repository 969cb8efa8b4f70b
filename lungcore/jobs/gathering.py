"""From what the user gave to kept originals and their headers."""

import errno
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lungcore.dicom.header import Header
from lungcore.dicom.problems import FileError
from lungcore.dicom.read import read_header
from lungcore.dicom.recognise import Kind, recognise
from lungcore.errors import LungcoreError
from lungcore.jobs import archives
from lungcore.records.originals import OriginalStore

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
MOST_MOVING = 16  # files whose header is read, on the way to their place

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One file that was not used, and why: a catalogue key and its values."""

    file: str
    key: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A CT file whose content is kept, or is being so."""

    header: Header
    content: Future[str]

    @property
    def sha256(self) -> str:
        """What its content is kept under; waits for that. Raises OSError when it cannot be."""
        return self.content.result()


class Gatherer:
    """Reads headers in the caller's thread while `pool` keeps the contents.

    kept, problems: what became of the files so far. Nobody waits for a file that is copied: its
    header still tells the path where it was given.
    """

    def __init__(self, originals: OriginalStore, temporary: Path, pool: Executor) -> None:
        self.kept: list[Kept] = []
        self.problems: list[FileProblem] = []
        self._originals = originals
        self._temporary = temporary
        self._pool = pool
        self._moving: deque[Kept] = deque()
        self._copying: list[Header] = []

    def gather(self, path: Path, name: str, advance: Advance, *, move: bool) -> None:
        """Take the file at `path`, or each member of the zip that it is.

        advance: called after each file or member with the bytes of the input that it took.

        Raises OSError when the disk is full; what is wrong with a file goes to `problems`.
        """
        size = 0
        with self._noting(name):
            size = path.stat().st_size
            kind = recognise(path)
            if kind == "zip":
                self._take_zip(path, name, advance)
                return
            self._take(path, kind, name, move=move)
        advance(size)

    def finish(self) -> None:
        """Wait until all files that are ours are at their place, and begin to copy the others.

        Not before: reading headers needs Python's lock, which copying would take time and again.
        """
        self._settle(0)
        self.kept += (Kept(header, self._keep(header.path)) for header in self._copying)
        self._copying.clear()

    def _keep(self, path: Path, *, move: bool = False) -> Future[str]:
        return self._pool.submit(self._originals.add, path, move=move)

    def _take(self, path: Path, kind: Kind, name: str, *, move: bool) -> None:
        if kind != "dicom":
            raise FileError(f"dicom.file_is_{kind}", file=name)
        header = read_header(path, name)
        if header is None:
            return
        if move:
            self._moving.append(Kept(header, self._keep(path, move=True)))
            self._settle(MOST_MOVING)
        else:
            self._copying.append(header)

    def _take_zip(self, path: Path, name: str, advance: Advance) -> None:
        for member, archive, entry in archives.members(path, name):
            target = self._temporary / uuid.uuid4().hex
            with self._noting(member):
                archives.extract(archive, entry, target, member)
                self._take(target, recognise(target), member, move=True)
            if not self._moving or self._moving[-1].header.path != target:
                target.unlink(missing_ok=True)
            advance(entry.compress_size)

    def _settle(self, most: int) -> None:
        while len(self._moving) > most:
            file = self._moving.popleft()
            with self._noting(file.header.file_name):
                header = replace(file.header, path=self._originals.path(file.sha256))
                self.kept.append(Kept(header, file.content))

    @contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        """Note what is wrong with the file `name` and go on after it."""
        try:
            yield
        except OSError as error:
            if error.errno in DISK_FULL:
                raise
            values = {"file": name, "problem": error.strerror or type(error).__name__}
            self.problems.append(FileProblem(name, "importing.unreadable", values))
        except LungcoreError as error:
            self.problems.append(FileProblem(name, error.key, error.values))
