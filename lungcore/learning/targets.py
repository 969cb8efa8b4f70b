"""What the detector learns and says: heat, offset and size on its output grid.

Positions are voxel indices of the 1 mm input; cell i of the output covers voxels 4i to 4i + 3.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OUTPUT_STRIDE = 4  # voxels of the input a cell of the output, along each axis
CENTRE_OF_CELL = (OUTPUT_STRIDE - 1) / 2
LOWEST_HU, HIGHEST_HU = -1000, 400


def normalise(hu: NDArray) -> NDArray[np.float32]:
    """HU to the detector's input, -1 to 1."""
    middle, half = (HIGHEST_HU + LOWEST_HU) / 2, (HIGHEST_HU - LOWEST_HU) / 2
    return ((np.clip(hu, LOWEST_HU, HIGHEST_HU) - middle) / half).astype(np.float32)


def encode(
    shape: tuple[int, int, int],
    centres: Sequence[tuple[float, float, float]],
    diameters_mm: Sequence[float],
    trusted: NDArray[np.bool_],
) -> NDArray[np.float32]:
    """The truth for an input of `shape`: (slices/4, rows/4, columns/4, 6).

    Channels: heat, offset (slice, row, column) in cells, log diameter, weight (0 where a cell
    holds voxels that are not `trusted`).
    """
    cells = tuple(side // OUTPUT_STRIDE for side in shape)
    truth = np.zeros((*cells, 6), np.float32)
    grid = np.moveaxis(np.indices(cells), 0, -1) * OUTPUT_STRIDE + CENTRE_OF_CELL
    for centre, diameter_mm in zip(centres, diameters_mm, strict=True):
        away = np.asarray(centre) - grid
        squared = (away**2).sum(axis=-1)
        sigma = np.clip(diameter_mm / 6, 2, 8)
        heat = np.exp(-squared / (2 * sigma**2))
        heat.flat[np.argmin(squared)] = 1
        nearer = heat > truth[..., 0]
        truth[..., 0][nearer] = heat[nearer]
        truth[..., 1:4][nearer] = away[nearer] / OUTPUT_STRIDE
        truth[..., 4][nearer] = np.log(diameter_mm)
    blocks = trusted.reshape([n for cell in cells for n in (cell, OUTPUT_STRIDE)])
    truth[..., 5] = blocks.all(axis=(1, 3, 5))
    return truth
