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
from lungcore.dicom.recognise import recognise
from lungcore.errors import LungcoreError
from lungcore.jobs import archives
from lungcore.records.originals import OriginalStore

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
MOST_WAITING = 16  # files whose header is read and whose content is still being kept


@dataclass(frozen=True, slots=True)
class FileProblem:
    """One file that was not used, and why: a catalogue key and its values."""

    file: str
    key: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """A CT file whose content is kept under `sha256`; its header's path is there."""

    header: Header
    sha256: str


class Gatherer:
    """Reads headers in the caller's thread while `pool` keeps the contents.

    kept, problems: what became of the files so far.
    advance: called after each file or member with the bytes of the input that it took.
    """

    def __init__(
        self,
        originals: OriginalStore,
        temporary: Path,
        pool: Executor,
        advance: Callable[[int], None],
    ) -> None:
        self.kept: list[Kept] = []
        self.problems: list[FileProblem] = []
        self._originals = originals
        self._temporary = temporary
        self._pool = pool
        self._advance = advance
        self._waiting: deque[tuple[Header, Future[str]]] = deque()

    def gather(self, path: Path, name: str, *, move: bool) -> None:
        """Take the file at `path`, or each member of the zip that it is.

        Raises OSError when the disk is full; what is wrong with a file goes to `problems`.
        """
        size = 0
        with self._noting(name):
            size = path.stat().st_size
            if recognise(path) == "zip":
                self._take_zip(path, name)
                return
            self._take(path, name, move=move)
        self._advance(size)

    def finish(self) -> None:
        """Wait until all contents are kept."""
        self._settle(0)

    def _take(self, path: Path, name: str, *, move: bool) -> None:
        kind = recognise(path)
        if kind != "dicom":
            raise FileError(f"dicom.file_is_{kind}", file=name)
        header = read_header(path, name)
        if header is not None:
            self._settle(MOST_WAITING)
            self._waiting.append((header, self._pool.submit(self._originals.add, path, move=move)))

    def _take_zip(self, path: Path, name: str) -> None:
        for member, archive, entry in archives.members(path, name):
            target = self._temporary / uuid.uuid4().hex
            with self._noting(member):
                archives.extract(archive, entry, target, member)
                self._take(target, member, move=True)
            if not self._waiting or self._waiting[-1][0].path != target:
                target.unlink(missing_ok=True)
            self._advance(entry.compress_size)

    def _settle(self, most: int) -> None:
        while len(self._waiting) > most:
            header, future = self._waiting.popleft()
            with self._noting(header.file_name):
                sha256 = future.result()
                self.kept.append(Kept(replace(header, path=self._originals.path(sha256)), sha256))

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
