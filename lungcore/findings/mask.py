"""Which voxels of a series a nodule takes up: a box, and a bit for each voxel in it."""

import math
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lungcore.errors import LungcoreError

HEADER_BYTES = 24
LARGEST_VOXELS = 2**25  # 4 MiB as bits; a mass of 150 mm at 0.5 mm has 27 million
Index = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """`voxels` is a bool array [slice, row, column]; `origin` the index of its first voxel.

    Raises ValueError when voxels are of another type or number of dimensions.
    """

    origin: Index
    voxels: NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.voxels.ndim != 3 or self.voxels.dtype != np.bool_:
            kind = f"{self.voxels.dtype} {self.voxels.ndim}"
            raise ValueError(f"voxels must be bool of 3 dimensions, not {kind}")


def encode(mask: Mask) -> bytes:
    """Six little-endian uint32, origin and shape, then the bits in C order, the highest first."""
    header = np.array((*mask.origin, *mask.voxels.shape), "<u4")
    return header.tobytes() + np.packbits(mask.voxels).tobytes()


def decode(data: bytes, shape: Index) -> Mask:
    """The mask that `encode` made, within a volume of `shape`.

    Raises LungcoreError when it is cut short or too long, too large, outside the volume or empty.
    """
    if len(data) < HEADER_BYTES:
        raise LungcoreError("findings.mask_length", found=len(data), expected=HEADER_BYTES)
    header = struct.unpack_from("<6I", data)
    origin, box = header[:3], header[3:]
    ends = [first + length for first, length in zip(origin, box, strict=True)]
    if any(end > most for end, most in zip(ends, shape, strict=True)):
        raise LungcoreError(
            "findings.mask_outside", box=f"{list(origin)} {ends}", shape=list(shape)
        )
    count = math.prod(box)
    if count > LARGEST_VOXELS:
        raise LungcoreError("findings.mask_large", found=count, most=LARGEST_VOXELS)
    expected = HEADER_BYTES + -(-count // 8)
    if len(data) != expected:
        raise LungcoreError("findings.mask_length", found=len(data), expected=expected)
    packed = np.frombuffer(data, np.uint8, offset=HEADER_BYTES)
    bits = np.unpackbits(packed, count=count).view(np.bool_)
    if not bits.any():
        raise LungcoreError("findings.mask_empty")
    return Mask((origin[0], origin[1], origin[2]), bits.reshape(box))
