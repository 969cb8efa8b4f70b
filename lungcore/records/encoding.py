"""The coding of a chunk of slices, and the writer that codes a volume chunk by chunk."""

import hashlib
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numcodecs import zstd
from numpy.typing import NDArray

CHUNK_SLICES = 16
AIR_HU = -1024  # pads the last chunk
HASH_FILE = "pixel_hash"  # beside the chunks of a finished volume
REPLACED = ".replaced"  # ends the name of a volume that makes room for another
ZSTD_LEVEL = 1
THREADS = 2  # the coding releases the GIL; more would starve the reader that feeds it


def encode(hu: NDArray[np.int16]) -> bytes:
    """The bytes of one chunk file: zstd over the byte-shuffled flat differences.

    hu: int16 array of shape (CHUNK_SLICES, rows, columns). Differences wrap around.
    """
    values = np.ascontiguousarray(hu).reshape(len(hu), -1).view(np.uint16)
    planes = np.empty((2, *values.shape), np.uint8)
    differences = np.empty(values.shape[1], np.uint16)
    last = np.uint16(0)
    for number, plane in enumerate(values):  # a slice at a time stays in the processor's cache
        differences[0] = plane[0]
        differences[:1] -= last
        np.subtract(plane[1:], plane[:-1], out=differences[1:])
        np.copyto(planes[0, number], differences, casting="unsafe")
        np.right_shift(differences, 8, out=differences)
        np.copyto(planes[1, number], differences, casting="unsafe")
        last = plane[-1]
    return zstd.compress(planes.reshape(-1), ZSTD_LEVEL, True)


def decode(shuffled: bytes, rows: int, columns: int) -> NDArray[np.int16]:
    """HU of shape (CHUNK_SLICES, rows, columns) from the bytes that zstd gave back.

    Raises ValueError when there are too many or too few.
    """
    planes = np.frombuffer(shuffled, np.uint8).reshape(2, CHUNK_SLICES * rows * columns)
    differences = planes[1].astype(np.uint16)
    np.left_shift(differences, 8, out=differences)
    np.bitwise_or(differences, planes[0], out=differences)
    values = np.cumsum(differences, dtype=np.uint16, out=differences)
    return values.view(np.int16).reshape(CHUNK_SLICES, rows, columns)


class VolumeWriter:
    """Takes a volume in slabs of CHUNK_SLICES slices and writes it beside its place.

    Use as a context: what was not put in place is removed at its end, and when the block fails
    after that, the volume that was there before takes its place again.
    """

    def __init__(self, beside: Path, target: Path, shape: tuple[int, int, int]) -> None:
        self._beside = beside
        self._before = beside.with_name(f"{beside.name}{REPLACED}")
        self._target = target
        self._shape = shape
        self._taken = 0
        self._hash = hashlib.sha256(np.array(shape, "<i8").tobytes())
        self._pool = ThreadPoolExecutor(THREADS)
        self._pending: list[Future[None]] = []
        self._is_in_place = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        if kind is not None:
            self._take_back()
        for left in (self._beside, self._before):
            shutil.rmtree(left, ignore_errors=True)

    def append(self, slab: NDArray[np.int16]) -> None:
        """Take the next slab: CHUNK_SLICES slices, or what is left at the end of the volume.

        Keep its values unchanged until `finish`. Waits while the coding lags behind.
        """
        expected = min(CHUNK_SLICES, self._shape[0] - self._taken)
        if slab.dtype != np.int16 or slab.shape != (expected, *self._shape[1:]) or not expected:
            raise ValueError(f"slab is {slab.dtype} {slab.shape} after {self._taken} slices")
        while len(self._pending) > THREADS:
            self._pending.pop(0).result()
        number = self._taken // CHUNK_SLICES
        self._pending.append(self._pool.submit(self._write_chunk, number, slab))
        self._hash.update(np.ascontiguousarray(slab, "<i2").data)
        self._taken += expected

    def finish(self) -> str:
        """Wait for all of it to be written; returns the hash that `PixelStore.write` tells of."""
        if self._taken != self._shape[0]:
            raise ValueError(f"{self._taken} of {self._shape[0]} slices were appended")
        for pending in self._pending:
            pending.result()
        self._pending.clear()
        pixel_hash = self._hash.hexdigest()
        (self._beside / HASH_FILE).write_text(pixel_hash)
        return pixel_hash

    def put_in_place(self) -> None:
        """Make the finished volume the one of its series."""
        if self._target.exists():
            # `PixelStore.clean` takes it back after a crash between the renames, or before the
            # record of the new one is committed.
            self._target.rename(self._before)
        self._beside.rename(self._target)
        self._is_in_place = True

    def _take_back(self) -> None:
        if self._is_in_place:
            self._target.rename(self._beside)
        if self._before.exists():
            self._before.rename(self._target)

    def _write_chunk(self, number: int, slab: NDArray[np.int16]) -> None:
        missing = CHUNK_SLICES - len(slab)
        if missing:
            slab = np.pad(slab, ((0, missing), (0, 0), (0, 0)), constant_values=AIR_HU)
        (self._beside / f"c.{number}.0.0").write_bytes(encode(slab))
