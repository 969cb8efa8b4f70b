"""Which pixels a closed line takes in."""

import math

import numpy as np
from numpy.typing import NDArray

TOUCHING = 0.05  # pixels: files round what they write


def filled(points: NDArray[np.float64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """The pixels, of an image of `shape`, whose centre lies within the line or on it.

    points: (column, row) of shape (n, 2); the last is joined to the first. Where the line crosses
    itself, what it goes around twice is outside (even-odd).
    """
    inside = np.zeros(shape, bool)
    low = max(0, math.ceil(points[:, 1].min() - TOUCHING))
    high = min(shape[0] - 1, math.floor(points[:, 1].max() + TOUCHING))
    for row in range(low, high + 1):
        # Just above and just below, so that an edge along the row itself is not missed.
        for height in (row - TOUCHING, row + TOUCHING):
            crossings = _crossings(points, height)
            for first, last in zip(crossings[::2], crossings[1::2], strict=True):
                start = max(0, math.ceil(first - TOUCHING))
                inside[row, start : max(start, math.floor(last + TOUCHING) + 1)] = True
    nearest = np.rint(points).astype(int)
    hit = (np.abs(points - nearest) <= TOUCHING).all(axis=1)
    hit &= ((nearest >= 0) & (nearest < (shape[1], shape[0]))).all(axis=1)
    inside[nearest[hit, 1], nearest[hit, 0]] = True
    return inside


def _crossings(points: NDArray[np.float64], height: float) -> NDArray[np.float64]:
    """The columns, in order, at which the line passes a height."""
    (x0, y0), (x1, y1) = points.T, np.roll(points, -1, axis=0).T
    passes = (y0 <= height) != (y1 <= height)
    x0, y0, x1, y1 = x0[passes], y0[passes], x1[passes], y1[passes]
    return np.sort(x0 + (height - y0) / (y1 - y0) * (x1 - x0))
