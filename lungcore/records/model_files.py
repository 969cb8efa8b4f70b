"""The files of models, each model in a folder named by what it holds: `storage/models/SHA256`.

A folder is put in place whole, by one rename, and never changed afterwards.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from lungcore.errors import LungcoreError
from lungcore.records.originals import SHA256

INCOMING = "incoming-"


def listed(folder: Path) -> dict[str, str]:
    """The sha256 of each file in `folder`, by name."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return {path.name: _sha256(path) for path in files}


def address(files: Mapping[str, str]) -> str:
    """What a folder of these files is named by."""
    canonical = json.dumps(dict(files), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class ModelStore:
    """The models under `storage`."""

    def __init__(self, storage: Path) -> None:
        self._folder = storage / "models"

    def add(self, folder: Path, names: tuple[str, ...]) -> tuple[str, dict[str, str]]:
        """Keep a copy of the files `names` of `folder` that are there.

        Returns the sha256 that it is kept under and that of each file.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        incoming = self._folder / f"{INCOMING}{uuid.uuid4().hex}"
        incoming.mkdir()
        for name in names:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, incoming / name)
                _flush(incoming / name)
        files = listed(incoming)
        place = self._place(address(files))
        if place.exists():
            shutil.rmtree(incoming)
        else:
            incoming.rename(place)
        return place.name, files

    def folder(self, sha256: str, files: Mapping[str, str]) -> Path:
        """The folder of a model after a check of every file.

        Raises LungcoreError naming the file that is absent or is another.
        """
        place = self._place(sha256)
        for name, digest in files.items():
            if not (place / name).is_file():
                raise LungcoreError("models.file_absent", path=place / name)
            if _sha256(place / name) != digest:
                raise LungcoreError("models.file_damaged", path=place / name)
        return place

    def clean(self, keep: set[str]) -> list[str]:
        """Remove half-written folders and those outside `keep`; returns their names.

        Not while another process adds.
        """
        removed = sorted(path for path in self._folder.glob("*") if path.name not in keep)
        for path in removed:
            shutil.rmtree(path)
        return [path.name for path in removed]

    def _place(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise ValueError(f"sha256 must be 64 lower-case hexadecimal digits, not {sha256!r}")
        return self._folder / sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
