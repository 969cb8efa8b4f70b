"""Hard negatives: where the detector sees a finding and there is none."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.learning import tiling
from lungcore.learning.data import Background, Truth
from lungcore.learning.patches import Spot
from lungcore.learning.peaks import Peak, pick_peaks

TILE_VOXELS = 4_000_000
LEAST_PROBABILITY = 0.05
MOST_A_BACKGROUND = 150


def mine(
    predict: tiling.Predict, backgrounds: Sequence[Background], spacing_mm: float
) -> list[Spot]:
    """The detector's most probable false finds, at most `MOST_A_BACKGROUND` in each.

    spacing_mm: of the detector's grid.
    """
    return [
        Spot(number, _voxel(peak))
        for number, background in enumerate(backgrounds)
        for peak in false_positives(predict, background, spacing_mm)[:MOST_A_BACKGROUND]
    ]


def false_positives(
    predict: tiling.Predict, background: Background, spacing_mm: float
) -> list[Peak]:
    """The finds in the trusted region that are none of the lesions, most probable first."""
    output = tiling.apply(predict, background.volume.hu, TILE_VOXELS)
    near = ndimage.binary_dilation(background.region, iterations=3) & background.trusted
    return [
        peak
        for peak in pick_peaks(output, LEAST_PROBABILITY, spacing_mm)
        if _lies_in(near, peak) and not _is_lesion(peak, background.lesions, spacing_mm)
    ]


def _is_lesion(peak: Peak, lesions: Sequence[Truth], spacing_mm: float) -> bool:
    return any(
        np.linalg.norm(np.subtract(peak.position, one.centre)) * spacing_mm < one.diameter_mm
        for one in lesions
    )


def _voxel(peak: Peak) -> tuple[int, int, int]:
    first, second, third = (round(value) for value in peak.position)
    return first, second, third


def _lies_in(mask: NDArray[np.bool_], peak: Peak) -> bool:
    voxel = np.clip(_voxel(peak), 0, np.array(mask.shape) - 1)
    return bool(mask[tuple(voxel)])
