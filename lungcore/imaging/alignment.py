"""Where a place of one scan lies in another scan of the same patient, from the lungs of both.

The lungs' outlines are brought together by a scale and a shift along each patient axis: breathing
in is taken for a scale. No rotation: patients lie alike. It leads the eye to a place, to within
about a centimetre; it measures nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage
from scipy.optimize import minimize

GRID_MM = 4.0  # on which the outlines are compared
REACH_MM = 25.0  # further off an outline counts as missing, as where a scan ends early
LEAST_OVERLAP = 0.9  # Dice; lungs turned by 10 degrees or more fall below, and 20 mm off
MOST_SCALE = 1.5  # breathing changes the lungs by less
MOST_POINTS = 3000  # of an outline
CUT_MM = 8.0  # from the last slice of lungs that go on


@dataclass(frozen=True, slots=True)
class Lungs:
    """A mask of lungs: boolean, [slice, row, column]; affine: its indices to LPS mm.

    All slices of the scan: lungs that reach the first or last one are taken to go on beyond it.
    """

    mask: NDArray[np.bool_]
    affine: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Alignment:
    """Takes a point (x, y, z) in LPS mm of the first scan to scale * point + shift of the second.

    overlap: Dice of the lungs, 0 to 1, once aligned, where both scans have slices.
    """

    scale: tuple[float, float, float]
    shift_mm: tuple[float, float, float]
    overlap: float

    @property
    def is_good(self) -> bool:
        """Whether it may be used."""
        is_breath = all(1 / MOST_SCALE <= scale <= MOST_SCALE for scale in self.scale)
        return is_breath and self.overlap >= LEAST_OVERLAP

    def to_second(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Points (..., 3) of the first scan, in the second."""
        return np.asarray(points_mm, float) * self.scale + self.shift_mm

    def to_first(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Points (..., 3) of the second scan, in the first."""
        return (np.asarray(points_mm, float) - self.shift_mm) / self.scale


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """Lungs on a grid of `GRID_MM` along (x, y, z), with a margin.

    distance_mm: to the outline. outline: points of it. scanned_mm: from which z to which there are
    slices. Where lungs go on beyond the slices, the cut is no outline.
    """

    first_mm: NDArray[np.float64]
    inside: NDArray[np.bool_]
    distance_mm: NDArray[np.float32]
    outline: NDArray[np.float64]
    scanned_mm: tuple[float, float]

    def at(self, values: NDArray, points_mm: NDArray[np.float64]) -> NDArray:
        """`values` of the grid's nodes next to the points; the edge's beyond the grid."""
        nearest = np.rint((points_mm - self.first_mm) / GRID_MM).astype(int)
        x, y, z = (np.clip(nearest[:, i], 0, values.shape[i] - 1) for i in range(3))
        return np.asarray(values[x, y, z])


def align(first: Lungs, second: Lungs) -> Alignment:
    """The alignment of two scans by their lungs. Raises ValueError when one has none.

    From the best of some plain guesses to the least distance of the outlines, both ways (chamfer
    matching, Borgefors 1988).
    """
    one, other = _grid(first, "first"), _grid(second, "second")
    middle = one.outline.mean(axis=0)  # scale and shift then hardly depend on each other

    def cost(parameters: NDArray[np.float64]) -> float:
        scale, shift = np.exp(parameters[:3]), parameters[3:] * REACH_MM
        there = (one.outline - middle) * scale + middle + shift
        back = (other.outline - middle - shift) / scale + middle
        return _far(other, there) + _far(one, back)

    begin = min((_parameters(*guess, middle) for guess in _guesses(one, other)), key=cost)
    found = minimize(cost, begin, method="Powell", options={"xtol": 1e-3, "ftol": 1e-4}).x
    scale = np.exp(found[:3])
    shift = found[3:] * REACH_MM + middle - scale * middle
    return Alignment(_triple(scale), _triple(shift), _overlap(one, other, scale, shift))


def _far(grid: _Grid, points: NDArray[np.float64]) -> float:
    """How far the points lie from the outline, in the mean of those that were scanned there."""
    low, high = grid.scanned_mm
    seen = (points[:, 2] >= low) & (points[:, 2] <= high)
    if np.count_nonzero(seen) < len(points) / 4:
        return REACH_MM
    return float(np.minimum(grid.at(grid.distance_mm, points[seen]), REACH_MM).mean())


def _parameters(
    scale: NDArray[np.float64], shift: NDArray[np.float64], middle: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.concatenate([np.log(scale), (scale * middle + shift - middle) / REACH_MM])


def _guesses(one: _Grid, other: _Grid) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Scale and shift: by mean and spread of the voxels, and unscaled with one end on the other."""
    mean, spread = _moments(one)
    other_mean, other_spread = _moments(other)
    scale = np.clip(other_spread / spread, 1 / MOST_SCALE, MOST_SCALE)
    yield scale, other_mean - scale * mean
    for end in (np.min, np.max):
        shift = other_mean - mean
        shift[2] = end(other.outline[:, 2]) - end(one.outline[:, 2])
        yield np.ones(3), shift


def _grid(lungs: Lungs, name: str) -> _Grid:
    indices = np.argwhere(lungs.mask)
    if not len(indices):
        raise ValueError(f"{name} has no lung")
    points = indices @ lungs.affine[:3, :3].T + lungs.affine[:3, 3]
    margin = int(np.ceil(REACH_MM / GRID_MM))
    first = (np.floor(points.min(axis=0) / GRID_MM) - margin) * GRID_MM
    counts = np.ceil((points.max(axis=0) - first) / GRID_MM).astype(int) + margin + 1
    inside = np.zeros(counts, bool)
    x, y, z = np.rint((points - first) / GRID_MM).astype(int).T
    inside[x, y, z] = True
    inside = ndimage.binary_closing(inside, iterations=2)  # slices far apart leave gaps
    border = inside & ~ndimage.binary_erosion(inside)
    ends = [_height(lungs, n) for n in (0, len(lungs.mask) - 1)]
    for end, last in zip(ends, (lungs.mask[0], lungs.mask[-1]), strict=True):
        if last.any():
            heights = np.arange(counts[2]) * GRID_MM + first[2]
            border[:, :, np.abs(heights - end) < CUT_MM] = False
    distance = ndimage.distance_transform_edt(~border) * GRID_MM
    outline = np.argwhere(border) * GRID_MM + first
    thinned = outline[:: max(1, len(outline) // MOST_POINTS)]
    return _Grid(first, inside, distance.astype(np.float32), thinned, (min(ends), max(ends)))


def _height(lungs: Lungs, number: int) -> float:
    """The z of the middle of a slice, mm."""
    _, rows, columns = lungs.mask.shape
    return float(lungs.affine[2] @ [number, rows / 2, columns / 2, 1])


def _moments(grid: _Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    points = np.argwhere(grid.inside) * GRID_MM + grid.first_mm
    return points.mean(axis=0), points.std(axis=0)


def _overlap(
    one: _Grid, other: _Grid, scale: NDArray[np.float64], shift: NDArray[np.float64]
) -> float:
    nodes = np.indices(other.inside.shape).reshape(3, -1).T * GRID_MM + other.first_mm
    back = (nodes - shift) / scale
    both = np.ones(len(nodes), bool)
    for grid, points in ((other, nodes), (one, back)):
        low, high = grid.scanned_mm
        both &= (points[:, 2] >= low) & (points[:, 2] <= high)
    there, here = one.at(one.inside, back[both]), other.inside.ravel()[both]
    size = np.count_nonzero(there) + np.count_nonzero(here)
    return float(2 * np.count_nonzero(there & here) / size) if size else 0.0


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
