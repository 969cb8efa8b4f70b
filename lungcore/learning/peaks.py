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


def pick_peaks(output: NDArray[np.float32], threshold: float, spacing_mm: float) -> list[Peak]:
    """Candidates of at least `threshold` in the detector's output, most probable first.

    spacing_mm: of the detector's grid.
    """
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
    return suppress(peaks, spacing_mm)


def suppress(peaks: Sequence[Peak], spacing_mm: float) -> list[Peak]:
    """`peaks`, most probable first, without those that lie in one already kept."""
    positions_mm = np.array([peak.position for peak in peaks]).reshape(-1, 3) * spacing_mm
    radii_mm = np.array([peak.diameter_mm for peak in peaks]) / 2
    alone = np.ones(len(peaks), bool)
    for number in range(len(peaks)):
        if alone[number]:
            later = slice(number + 1, None)
            away_mm = np.linalg.norm(positions_mm[later] - positions_mm[number], axis=1)
            reach_mm = np.maximum(LEAST_APART_MM, np.maximum(radii_mm[later], radii_mm[number]))
            alone[later] &= away_mm >= reach_mm
    return [peak for peak, kept in zip(peaks, alone, strict=True) if kept]


def sigmoid(logit: NDArray) -> NDArray:
    """The logistic function, without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * logit))
