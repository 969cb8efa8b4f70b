"""The stored volumes: one zarr v3 array a series, encoded once for the browser and the network.

`storage/pixels/SERIES_UID.zarr` holds int16 HU `[slice, row, column]` in chunks of CHUNK_SLICES
whole slices. The bytes of a chunk file are zstd(byte shuffle(delta(chunk))), the delta taken flat
over the chunk, which a browser decodes as they lie on disk. The last chunk is padded with air.
The layout is that of the zarr v3 core specification with numcodecs' delta and shuffle, so any
zarr reader that knows those opens it.
"""

import json
import re
import shutil
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numcodecs import zstd
from numpy.typing import NDArray

from lungcore.errors import LungcoreError
from lungcore.imaging.volume import Volume
from lungcore.records.encoding import (
    AIR_HU,
    CHUNK_SLICES,
    HASH_FILE,
    REPLACED,
    THREADS,
    VolumeWriter,
    decode,
)

__all__ = ["CHUNK_SLICES", "PixelStore"]

SUFFIX = ".zarr"
UID = re.compile(r"(?!.{65})[0-9]+(\.[0-9]+)*")  # PS3.5 section 9.1; names no other folder


class PixelStore:
    """The volumes under `storage`."""

    def __init__(self, storage: Path) -> None:
        self._folder = storage / "pixels"

    def write(self, series_uid: str, volume: Volume) -> str:
        """Store `volume`, whole or not at all, in place of any before it.

        Returns the sha256, in hex, of its shape and its little-endian HU.
        """
        with self.begin(
            series_uid, volume.shape, volume.affine, volume.frame_of_reference_uid
        ) as writer:
            for first in range(0, volume.shape[0], CHUNK_SLICES):
                writer.append(volume.hu[first : first + CHUNK_SLICES])
            pixel_hash = writer.finish()
            writer.put_in_place()
        return pixel_hash

    def begin(
        self,
        series_uid: str,
        shape: tuple[int, int, int],
        affine: NDArray[np.float64],
        frame_of_reference_uid: str,
    ) -> VolumeWriter:
        """A writer that takes the volume chunk by chunk, for volumes larger than the memory."""
        target = self._path(series_uid)
        beside = self._folder / f".{series_uid}.{uuid.uuid4().hex}"
        beside.mkdir(parents=True)
        attributes = {
            "affine": np.asarray(affine, float).tolist(),
            "frame_of_reference_uid": frame_of_reference_uid,
        }
        metadata = _metadata(shape, attributes)
        (beside / "zarr.json").write_text(json.dumps(metadata), encoding="utf-8")
        return VolumeWriter(beside, target, shape)

    def read(self, series_uid: str) -> Volume:
        """The volume of a series, bit for bit as it was written.

        Raises LungcoreError naming the series when it is absent or damaged.
        """
        path = self._existing(series_uid)
        try:
            metadata = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
            hu = _read_chunks(path, metadata["shape"])
            attributes = metadata["attributes"]
            affine = np.array(attributes["affine"], float)
            return Volume(hu, affine, attributes["frame_of_reference_uid"])
        except (OSError, RuntimeError, ValueError, LookupError, TypeError) as error:
            raise LungcoreError("pixels.damaged", series_uid=series_uid) from error

    def chunk(self, series_uid: str, number: int) -> bytes:
        """The zstd-coded bytes of one chunk, as they lie on disk.

        Raises LungcoreError when the series or the chunk is absent.
        """
        try:
            return (self._existing(series_uid) / f"c.{int(number)}.0.0").read_bytes()
        except FileNotFoundError as error:
            raise LungcoreError(
                "pixels.chunk_absent", series_uid=series_uid, number=number
            ) from error

    def remove(self, series_uid: str) -> None:
        """Forget the volume of a series; nothing happens where there is none."""
        shutil.rmtree(self._path(series_uid), ignore_errors=True)

    def series_uids(self) -> set[str]:
        """The series that have a volume."""
        return {path.name.removesuffix(SUFFIX) for path in self._folder.glob(f"[0-9]*{SUFFIX}")}

    def clean(self, keep: Mapping[str, str]) -> list[str]:
        """Remove half-written volumes and those of series outside `keep`; returns their names.

        keep: the hash of each series' volume, as the records have it. A volume whose replacing
        was cut off before its record was committed is taken back. Not while another process writes.
        """
        for path in self._folder.glob(f".*{REPLACED}"):
            series_uid = path.name[1:].rsplit(".", 2)[0]
            present = self._folder / (series_uid + SUFFIX)
            is_wanted = _hash_of(path) == keep.get(series_uid)
            if is_wanted and _hash_of(present) != keep[series_uid]:
                shutil.rmtree(present, ignore_errors=True)
                path.rename(present)
        known = {f"{series_uid}{SUFFIX}" for series_uid in keep}
        removed = sorted(path.name for path in self._folder.glob("*") if path.name not in known)
        for name in removed:
            shutil.rmtree(self._folder / name)
        return removed

    def _path(self, series_uid: str) -> Path:
        if not UID.fullmatch(series_uid):
            raise ValueError(f"series_uid must be a DICOM UID, not {series_uid!r}")
        return self._folder / f"{series_uid}{SUFFIX}"

    def _existing(self, series_uid: str) -> Path:
        path = self._path(series_uid)
        if not path.is_dir():
            raise LungcoreError("pixels.absent", series_uid=series_uid)
        return path


def _hash_of(path: Path) -> str | None:
    """The hash of a finished volume."""
    file = path / HASH_FILE
    return file.read_text() if file.is_file() else None


def _metadata(shape: tuple[int, int, int], attributes: dict[str, Any]) -> dict[str, Any]:
    """What `zarr.json` says of an array (zarr v3 core specification, array metadata)."""
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": list(shape),
        "data_type": "int16",
        "chunk_grid": {
            "name": "regular",
            "configuration": {"chunk_shape": [CHUNK_SLICES, *shape[1:]]},
        },
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
        "fill_value": AIR_HU,
        "codecs": [
            {"name": "numcodecs.delta", "configuration": {"dtype": "<i2"}},
            {"name": "bytes", "configuration": {"endian": "little"}},
            {"name": "numcodecs.shuffle", "configuration": {"elementsize": 2}},
            {"name": "zstd", "configuration": {"level": 1, "checksum": True}},
        ],
        "attributes": attributes,
        "dimension_names": ["slice", "row", "column"],
    }


def _read_chunks(path: Path, shape: list[int]) -> NDArray[np.int16]:
    slices, rows, columns = shape
    hu = np.empty((slices, rows, columns), np.int16)

    def read(first: int) -> None:
        coded = (path / f"c.{first // CHUNK_SLICES}.0.0").read_bytes()
        hu[first : first + CHUNK_SLICES] = decode(zstd.decompress(coded), rows, columns)[
            : slices - first
        ]

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(read, range(0, slices, CHUNK_SLICES)))
    return hu
