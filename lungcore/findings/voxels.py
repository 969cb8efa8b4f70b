"""Voxels of a grid: boxes of them, where they lie, and how large they are."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lungcore.findings.finding import Axes, Position
from lungcore.findings.labels import Grid
from lungcore.findings.mask import Mask


def on_grid(mask: Mask, grid: Grid) -> NDArray[np.bool_]:
    """The mask among all voxels of the grid."""
    voxels = np.zeros(grid.shape, bool)
    voxels[_box(mask)] = mask.voxels
    return voxels


def ball(center_mm: Position, diameter_mm: float, grid: Grid) -> Mask | None:
    """The voxels whose centre lies in a ball, cut at the grid's border; None without any."""
    return _solid(center_mm, grid.affine[:3, :3] * 2 / diameter_mm, grid)


def ellipsoid(center_mm: Position, axes_mm: Axes, grid: Grid) -> Mask | None:
    """As `ball`; axes_mm: whole lengths along columns, rows and slices, as of a `Finding`."""
    spacing_mm = np.linalg.norm(grid.affine[:3, :3], axis=0)
    return _solid(center_mm, np.diag(spacing_mm * 2 / np.array(axes_mm[::-1])), grid)


def _solid(center_mm: Position, to_unit: NDArray[np.float64], grid: Grid) -> Mask | None:
    """The voxels that `to_unit` takes, by their index from the centre, into the unit sphere."""
    center = to_index(grid, center_mm)
    reach = np.linalg.norm(np.linalg.inv(to_unit), axis=1)
    low = np.maximum(np.ceil(center - reach), 0).astype(int)
    high = np.minimum(np.floor(center + reach), np.array(grid.shape) - 1).astype(int)
    if (high < low).any():
        return None
    index = np.moveaxis(np.indices(tuple(high - low + 1)), 0, -1) + low
    return trimmed((((index - center) @ to_unit.T) ** 2).sum(-1) <= 1, low)


def trimmed(voxels: NDArray[np.bool_], origin: ArrayLike = (0, 0, 0)) -> Mask | None:
    """The mask whose box is as small as it can be; None when no voxel is set.

    origin: index of the first of `voxels`.
    """
    found = np.argwhere(voxels)
    if not len(found):
        return None
    low, high = found.min(axis=0), found.max(axis=0) + 1
    box = voxels[low[0] : high[0], low[1] : high[1], low[2] : high[2]]
    first = (np.asarray(origin) + low).tolist()
    return Mask((first[0], first[1], first[2]), np.ascontiguousarray(box))


def to_index(grid: Grid, position_mm: ArrayLike) -> NDArray[np.float64]:
    """Fractional indices (slice, row, column) of positions in LPS mm; shape (..., 3)."""
    inverse = np.linalg.inv(grid.affine[:3, :3])
    return (np.asarray(position_mm, float) - grid.affine[:3, 3]) @ inverse.T


def center_mm(mask: Mask, grid: Grid) -> Position:
    """The mean position of a mask's voxels, LPS mm."""
    index = np.argwhere(mask.voxels).mean(axis=0) + mask.origin
    x_mm, y_mm, z_mm = grid.affine[:3, :3] @ index + grid.affine[:3, 3]
    return float(x_mm), float(y_mm), float(z_mm)


def diameter_mm(mask: Mask, grid: Grid) -> float:
    """The diameter of the sphere of the mask's volume."""
    volume_mm3 = float(mask.voxels.sum()) * abs(float(np.linalg.det(grid.affine[:3, :3])))
    return math.cbrt(6 * volume_mm3 / math.pi)


def _box(mask: Mask) -> tuple[slice, slice, slice]:
    first, second, third = (
        slice(start, start + length)
        for start, length in zip(mask.origin, mask.voxels.shape, strict=True)
    )
    return first, second, third
