"""Put marks on the voxels of the series that they speak of."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lungcore.errors import LungcoreError
from lungcore.findings.finding import Position
from lungcore.findings.labels import Drawn, DrawnSet, Grid, LabelSet, Mark, Outline, Shape, Voxels
from lungcore.findings.mask import Mask
from lungcore.findings.outlines import filled
from lungcore.findings.voxels import center_mm, diameter_mm, to_index, trimmed

SAME_VOXEL = 0.01  # of a voxel: a grid that differs by less is the same
LEAST_TILT = 1e-3  # of a slice's z: below it, z does not tell the slice


class Placed(NamedTuple):
    """The marks that lie in the series, and the names of those that do not lie in it wholly."""

    labels: LabelSet
    outside: tuple[str, ...]


def place(drawn: DrawnSet, grid: Grid) -> Placed:
    """The marks on the grid. One that is partly outside would be smaller than it is: left out.

    Raises LungcoreError when marks are in pixels and the slices do not lie across z.
    """
    marks, outside = [], []
    for one in drawn.marks:
        mark = _placed(one, grid)
        if mark is None:
            outside.append(one.name)
        else:
            marks.append(mark)
    labels = LabelSet(series_uid=drawn.series_uid, reader=drawn.reader, marks=tuple(marks))
    return Placed(labels, tuple(outside))


def _placed(one: Drawn, grid: Grid) -> Mark | None:
    mask = None if one.shape is None else _mask(one, one.shape, grid)
    if one.shape is not None and mask is None:
        return None
    where = _center(one, mask, grid)
    if not _contains(grid, to_index(grid, where)):
        return None
    return Mark(
        name=one.name,
        kind=one.kind,
        center_mm=where,
        diameter_mm=one.diameter_mm if mask is None else diameter_mm(mask, grid),
        attributes=dict(one.attributes),
        mask=mask,
    )


def _center(one: Drawn, mask: Mask | None, grid: Grid) -> Position:
    if mask is not None:
        return center_mm(mask, grid)
    if one.center is None:
        raise ValueError(f"mark {one.name!r} has neither a centre nor a shape")
    x_mm, y_mm, z_mm = one.center
    if one.in_pixels:
        index = _pixel_index(grid, np.array([one.center]))[0]
        x_mm, y_mm, z_mm = grid.affine[:3, :3] @ index + grid.affine[:3, 3]
    return float(x_mm), float(y_mm), float(z_mm)


def _mask(one: Drawn, shape: Shape, grid: Grid) -> Mask | None:
    """The shape on the grid, or None when a part of it lies outside."""
    if isinstance(shape, Voxels):
        return _resampled(shape, grid)
    lines = [
        _pixel_index(grid, o.points) if one.in_pixels else to_index(grid, o.points) for o in shape
    ]
    if not all(_contains(grid, line) for line in lines):
        return None
    slices = [round(float(line[:, 0].mean())) for line in lines]
    first = min(slices)
    voxels = np.zeros((max(slices) - first + 1, *grid.shape[1:]), bool)
    for number, image in enumerate(voxels, start=first):
        here = [
            (outline, line[:, :0:-1])
            for outline, line, at in zip(shape, lines, slices, strict=True)
            if at == number
        ]
        _draw(image, here)
    return trimmed(voxels, (first, 0, 0))


def _draw(image: NDArray[np.bool_], lines: list[tuple[Outline, NDArray[np.float64]]]) -> None:
    """Draw the lines of one slice: what belongs first, then the holes."""
    for how in ("add", "toggle", "hole"):
        for outline, points in lines:
            if outline.how == how:
                inside = filled(points, (image.shape[0], image.shape[1]))
                image[:] = {
                    "add": image | inside,
                    "toggle": image ^ inside,
                    "hole": image & ~inside,
                }[how]


def _pixel_index(grid: Grid, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Indices (slice, row, column) of (column, row, z in mm)."""
    slice_z, row_z, column_z = grid.affine[2, :3]
    if max(abs(row_z), abs(column_z)) > LEAST_TILT or abs(slice_z) <= LEAST_TILT:
        raise LungcoreError("labels.not_axial")
    slices = np.rint((points[:, 2] - grid.affine[2, 3]) / slice_z)
    return np.stack([slices, points[:, 1], points[:, 0]], axis=1)


def _contains(grid: Grid, index: NDArray[np.float64]) -> bool:
    """Whether the indices lie in voxels of the grid. NaN lies in none."""
    return bool(((index >= -0.5) & (index <= np.array(grid.shape) - 0.5)).all())


def _resampled(shape: Voxels, grid: Grid) -> Mask | None:
    """Voxels of another grid on this one: as they are where the grids agree, else the nearest."""
    own = trimmed(shape.voxels)
    if own is None:
        return None
    between = np.linalg.inv(grid.affine) @ shape.affine
    corners = np.array([own.origin, np.add(own.origin, own.voxels.shape) - 1], float)
    if not _contains(grid, corners @ between[:3, :3].T + between[:3, 3]):
        return None
    shift = between[:3, 3]
    extent = max(own.origin) + max(own.voxels.shape)
    is_same = np.abs(between[:3, :3] - np.eye(3)).max() * extent < SAME_VOXEL
    if is_same and np.abs(shift - np.rint(shift)).max() < SAME_VOXEL:
        first = (np.rint(shift).astype(int) + own.origin).tolist()
        return Mask((first[0], first[1], first[2]), own.voxels)
    return _nearest(own, between, grid)


def _nearest(own: Mask, between: NDArray[np.float64], grid: Grid) -> Mask | None:
    """The voxels of the grid whose centre lies in a voxel of `own`."""
    ends = np.array([(0, 0, 0), own.voxels.shape], float) - 0.5 + own.origin
    corners = np.array(np.meshgrid(*ends.T)).reshape(3, -1).T @ between[:3, :3].T + between[:3, 3]
    low = np.maximum(np.ceil(corners.min(axis=0)), 0).astype(int)
    high = np.minimum(np.floor(corners.max(axis=0)), np.array(grid.shape) - 1).astype(int)
    if (high < low).any():
        return None
    index = np.moveaxis(np.indices(tuple(high - low + 1)), 0, -1) + low
    back = np.linalg.inv(between)
    source = np.rint(index @ back[:3, :3].T + back[:3, 3]).astype(int) - own.origin
    within = ((source >= 0) & (source < own.voxels.shape)).all(axis=-1)
    voxels = np.zeros(within.shape, bool)
    voxels[within] = own.voxels[tuple(source[within].T)]
    return trimmed(voxels, low)
