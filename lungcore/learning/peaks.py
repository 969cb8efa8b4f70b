"""From the detector's output to candidates: peaks, their place and size, one a nodule."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.learning.targets import CENTRE_OF_CELL, OUTPUT_STRIDE

LARGEST_MM = 120.0
LEAST_APART_MM = 5.0  # centres nearer than this, or than the larger radius, are one nodule


@dataclass(frozen=True, slots=True)
class Peak:
    """A candidate on the detector's grid: voxel (slice, row, column), size and probability."""

    position: tuple[float, float, float]
    diameter_mm: float
    probability: float


def pick_peaks(output: NDArray[np.float32], threshold: float) -> list[Peak]:
    """Candidates of at least `threshold` in the detector's output, most probable first."""
    probability = sigmoid(output[..., 0])
    highest = ndimage.maximum_filter(probability, size=3) == probability
    cells = np.argwhere(highest & (probability >= threshold))
    if len(cells) == 0:
        return []
    found = output[tuple(cells.T)]
    positions = (cells + found[:, 1:4]) * OUTPUT_STRIDE + CENTRE_OF_CELL
    diameters_mm = np.exp(np.clip(found[:, 4], 0, np.log(LARGEST_MM)))
    order = np.argsort(-found[:, 0], kind="stable")
    peaks = [
        Peak(
            (float(positions[i, 0]), float(positions[i, 1]), float(positions[i, 2])),
            float(diameters_mm[i]),
            float(sigmoid(found[i, 0])),
        )
        for i in order
    ]
    return suppress(peaks)


def suppress(peaks: Sequence[Peak]) -> list[Peak]:
    """`peaks`, most probable first, without those that lie in one already kept (1 mm grid)."""
    kept: list[Peak] = []
    for peak in peaks:
        here = np.array(peak.position)
        if all(_apart(here, peak, other) for other in kept):
            kept.append(peak)
    return kept


def _apart(here: NDArray[np.float64], peak: Peak, other: Peak) -> bool:
    reach_mm = max(LEAST_APART_MM, max(peak.diameter_mm, other.diameter_mm) / 2)
    return float(np.linalg.norm(here - other.position)) >= reach_mm


def sigmoid(logit: NDArray) -> NDArray:
    """The logistic function, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logit))
