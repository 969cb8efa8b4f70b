"""Hard negatives: where the detector sees nodules in lungs that have none there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.learning import tiling
from lungcore.learning.data import Background
from lungcore.learning.patches import Spot
from lungcore.learning.peaks import Peak, pick_peaks

TILE_VOXELS = 4_000_000
LEAST_PROBABILITY = 0.05
MOST_A_BACKGROUND = 150


def mine(predict: tiling.Predict, backgrounds: Sequence[Background]) -> list[Spot]:
    """The detector's most probable finds in trusted lung, at most `MOST_A_BACKGROUND` in each."""
    return [
        Spot(number, _voxel(peak))
        for number, background in enumerate(backgrounds)
        for peak in false_positives(predict, background)[:MOST_A_BACKGROUND]
    ]


def false_positives(predict: tiling.Predict, background: Background) -> list[Peak]:
    """The detector's finds in the trusted lungs of `background`, most probable first."""
    output = tiling.apply(predict, background.volume.hu, TILE_VOXELS)
    near = ndimage.binary_dilation(background.lungs, iterations=3) & background.trusted
    return [peak for peak in pick_peaks(output, LEAST_PROBABILITY) if _lies_in(near, peak)]


def _voxel(peak: Peak) -> tuple[int, int, int]:
    first, second, third = (round(value) for value in peak.position)
    return first, second, third


def _lies_in(mask: NDArray[np.bool_], peak: Peak) -> bool:
    voxel = np.clip(_voxel(peak), 0, np.array(mask.shape) - 1)
    return bool(mask[tuple(voxel)])
