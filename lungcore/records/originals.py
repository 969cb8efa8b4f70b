"""The files as they came, kept under the sha256 of their content."""

import errno
import hashlib
import re
import uuid
from pathlib import Path

BLOCK_BYTES = 1 << 20
SHA256 = re.compile(r"[0-9a-f]{64}")


class OriginalStore:
    """The original files under `storage`."""

    def __init__(self, storage: Path) -> None:
        self._folder = storage / "originals"
        self._incoming = self._folder / "incoming"

    def add(self, path: Path, *, move: bool) -> str:
        """Keep the file at `path`; returns the sha256, in hex, of its whole content.

        move: the file is ours to take away, where it lies on the same disk without a copy.
        """
        if not move:
            return self._copy(path)
        sha256 = _sha256(path)
        try:
            path.replace(self._place(sha256))
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            sha256 = self._copy(path)
            path.unlink()
        return sha256

    def path(self, sha256: str) -> Path:
        """Where the file of that hash lies, or would."""
        if not SHA256.fullmatch(sha256):
            raise ValueError(f"sha256 must be 64 lower-case hexadecimal digits, not {sha256!r}")
        # Sixteen folders, not the usual 256: on ext4 a folder costs as much as a file to make.
        return self._folder / sha256[0] / sha256

    def clean(self, keep: set[str]) -> list[str]:
        """Remove half-written files and those outside `keep`; returns their names.

        Not while another process adds.
        """
        files = (path for path in self._folder.glob("*/*") if path.name not in keep)
        removed = sorted(files)
        for path in removed:
            path.unlink()
        return [path.name for path in removed]

    def _place(self, sha256: str) -> Path:
        place = self.path(sha256)
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _copy(self, path: Path) -> str:
        """Hash and copy in one pass, so that what is kept is what was hashed."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        incoming = self._incoming / uuid.uuid4().hex
        digest = hashlib.sha256()
        with path.open("rb") as source, incoming.open("wb") as target:
            while block := source.read(BLOCK_BYTES):
                digest.update(block)
                target.write(block)
        sha256 = digest.hexdigest()
        incoming.replace(self._place(sha256))
        return sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
