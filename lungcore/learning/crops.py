"""The crop that the malignancy network sees: one axial plane of a fixed physical size."""

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from lungcore.imaging.volume import Volume

SIDE = 48
SPACING_MM = 1.0
SLAB_MM = 2.5  # thinner slices are averaged to about what the network was trained on
LOWEST_HU, HIGHEST_HU = -1000, 400


def crop_at(volume: Volume, centre_mm: ArrayLike) -> NDArray[np.float32]:
    """The normalised crop (SIDE, SIDE) of the axial plane through `centre_mm` (LPS)."""
    middle, row, column = volume.to_index(centre_mm)
    slice_mm, row_mm, column_mm = volume.spacing_mm
    reach = max(0.0, (SLAB_MM / slice_mm - 1) / 2)
    last = volume.shape[0] - 1
    low, high = np.clip([round(middle - reach), round(middle + reach)], 0, last).astype(int)
    plane = volume.hu[low : high + 1].mean(axis=0, dtype=np.float32)
    return crop_plane(plane, (row, column), np.diag([SPACING_MM / row_mm, SPACING_MM / column_mm]))


def crop_plane(
    plane: NDArray[np.float32], centre: tuple[float, float], step: NDArray[np.float64]
) -> NDArray[np.float32]:
    """The normalised crop (SIDE, SIDE) around `centre` (row, column) of `plane` in HU.

    step: 2x2 matrix that takes one pixel (row, column) of the crop to pixels of `plane`. What
    lies beyond the plane repeats its edge.
    """
    middle = (SIDE - 1) / 2
    first = np.asarray(centre) - step @ (middle, middle)
    # OpenCV counts (column, row).
    matrix = np.column_stack([step[::-1, ::-1], first[::-1]])
    crop = cv2.warpAffine(
        plane,
        matrix,
        (SIDE, SIDE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return normalise(np.asarray(crop, np.float32))


def normalise(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """HU to the network's input, -1 to 1."""
    middle, half = (HIGHEST_HU + LOWEST_HU) / 2, (HIGHEST_HU - LOWEST_HU) / 2
    return ((np.clip(hu, LOWEST_HU, HIGHEST_HU) - middle) / half).astype(np.float32)
