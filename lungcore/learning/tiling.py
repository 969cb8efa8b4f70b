"""A fully convolutional network over a volume of any size, tile by tile in bounded memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from math import ceil, prod

import numpy as np
from numpy.typing import NDArray

from lungcore.learning.targets import OUTPUT_STRIDE

MULTIPLE = 16  # the detector halves its input four times
OVERLAP = 32  # voxels that neighbouring tiles share
AIR_HU = -1000  # fills up what is no multiple

Predict = Callable[[NDArray[np.int16]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Span:
    """Voxels `[start, stop)` along an axis that a tile reads, and those it answers for."""

    start: int
    stop: int
    keep_from: int
    keep_to: int


def plan(length: int, parts: int) -> list[Span]:
    """`length` (a multiple of `MULTIPLE`) in equal, overlapping spans that are multiples of it."""
    share = _round_up(ceil((length + OVERLAP * (parts - 1)) / parts))
    starts = [round(i * (length - share) / max(parts - 1, 1) / MULTIPLE) for i in range(parts)]
    starts = [start * MULTIPLE for start in starts]
    ends = [start + share for start in starts]
    halfway = [
        (end + start) // 2 // OUTPUT_STRIDE * OUTPUT_STRIDE
        for end, start in zip(ends, starts[1:], strict=False)
    ]
    return [
        Span(*span) for span in zip(starts, ends, [0, *halfway], [*halfway, length], strict=True)
    ]


def apply(
    predict: Predict,
    hu: NDArray[np.int16],
    most_voxels: int,
    before_tile: Callable[[float], None] = lambda share: None,
) -> NDArray[np.float32]:
    """The output of `predict` over `hu` (slices, rows, columns), at its output stride.

    predict: takes HU (slices, rows, columns) to (slices / 4, rows / 4, columns / 4, n).
    most_voxels: of a tile. before_tile: told the share done before each tile; may raise to stop.
    """
    padded = _pad(hu)
    tiles = list(_tiles(padded.shape, most_voxels))
    output: NDArray[np.float32] | None = None
    for number, tile in enumerate(tiles):
        before_tile(number / len(tiles))
        found = predict(padded[tuple(slice(span.start, span.stop) for span in tile)])
        if output is None:
            cells = [side // OUTPUT_STRIDE for side in padded.shape]
            output = np.empty((*cells, found.shape[-1]), np.float32)
        output[tuple(_cells(span, 0) for span in tile)] = found[
            tuple(_cells(span, span.start) for span in tile)
        ]
    if output is None:
        raise ValueError("hu is empty")
    return output


def _cells(span: Span, origin: int) -> slice:
    low, high = span.keep_from - origin, span.keep_to - origin
    return slice(low // OUTPUT_STRIDE, high // OUTPUT_STRIDE)


def _tiles(shape: tuple[int, ...], most_voxels: int) -> Iterator[tuple[Span, ...]]:
    parts = [1, 1, 1]
    spans = [plan(side, 1) for side in shape]
    while prod(axis[0].stop - axis[0].start for axis in spans) > most_voxels:
        longest = max(range(3), key=lambda axis: spans[axis][0].stop - spans[axis][0].start)
        if spans[longest][0].stop <= 3 * OVERLAP:
            break
        parts[longest] += 1
        spans[longest] = plan(shape[longest], parts[longest])
    return product(*spans)


def _pad(hu: NDArray[np.int16]) -> NDArray[np.int16]:
    wanted = [_round_up(side) for side in hu.shape]
    extra = [(0, want - side) for want, side in zip(wanted, hu.shape, strict=True)]
    return np.pad(hu, extra, constant_values=AIR_HU)


def _round_up(length: int) -> int:
    return ceil(length / MULTIPLE) * MULTIPLE
