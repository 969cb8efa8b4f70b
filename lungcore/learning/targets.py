"""What the detector learns: heat, offset and size on its output grid.

Positions are voxel indices of the input; cell i of the output covers voxels 4i to 4i + 3.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OUTPUT_STRIDE = 4  # voxels of the input a cell of the output, along each axis
CENTRE_OF_CELL = (OUTPUT_STRIDE - 1) / 2


def encode(
    shape: tuple[int, int, int],
    centres: Sequence[tuple[float, float, float]],
    diameters_mm: Sequence[float],
    trusted: NDArray[np.bool_],
    spacing_mm: float,
) -> NDArray[np.float32]:
    """The truth for an input of `shape` and `spacing_mm`: (slices/4, rows/4, columns/4, 6).

    Channels: heat, offset (slice, row, column) in cells, log diameter in mm, weight (0 where a cell
    holds voxels that are not `trusted`). A centre outside warms the cells near it and has none of
    its own.
    """
    cells = tuple(side // OUTPUT_STRIDE for side in shape)
    truth = np.zeros((*cells, 6), np.float32)
    grid = np.moveaxis(np.indices(cells), 0, -1) * OUTPUT_STRIDE + CENTRE_OF_CELL
    for centre, diameter_mm in zip(centres, diameters_mm, strict=True):
        away = np.asarray(centre) - grid
        squared = (away**2).sum(axis=-1)
        sigma = np.clip(diameter_mm / spacing_mm / 6, 2, 8)
        heat = np.exp(-squared / (2 * sigma**2))
        if all(-0.5 <= at < side - 0.5 for at, side in zip(centre, shape, strict=True)):
            heat.flat[np.argmin(squared)] = 1
        nearer = heat > truth[..., 0]
        truth[..., 0][nearer] = heat[nearer]
        truth[..., 1:4][nearer] = away[nearer] / OUTPUT_STRIDE
        truth[..., 4][nearer] = np.log(diameter_mm)
    blocks = trusted.reshape([n for cell in cells for n in (cell, OUTPUT_STRIDE)])
    truth[..., 5] = blocks.all(axis=(1, 3, 5))
    return truth
