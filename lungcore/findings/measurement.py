"""A nodule's size as the guidelines ask for it.

Lung-RADS v2022 (American College of Radiology): long and short axis to one decimal in mm, and
their mean to one decimal. The Fleischner Society (Bankier et al., Radiology 285:584-600, 2017;
MacMahon et al., Radiology 284:228-243, 2017): both axes on one image, the short one perpendicular
to the long one. Here the image is the slice, as it was acquired, on which the area is largest.

The outline runs through the middles of pixel edges, half-way between a pixel inside and one
outside, as the vertices do of which PyRadiomics measures maximum diameters: neither centres of
pixels (a pixel too short) nor their corners (too long). The short axis is the longest chord across
the long one within the outline's convex hull. `viewer/static/calipers.js` goes the same steps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lungcore.findings.mask import Mask

SAME_MM = 1e-9  # lengths nearer to each other than this are taken as the same: the first counts
Point = tuple[float, float]
Segment = tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class Measured:
    """Axes in mm to one decimal, and the volume in mm3 to one decimal."""

    long_mm: float
    short_mm: float
    volume_mm3: float

    @property
    def diameter_mm(self) -> float:
        """The guideline's diameter."""
        tenths = round(self.long_mm * 10) + round(self.short_mm * 10)
        return (tenths + 1) // 2 / 10  # in whole tenths: (8.2 + 8.1) / 2 is 8.15 in no binary


def one_decimal(value: float) -> float:
    """Rounded half up, also a half that floating point left a little short."""
    return math.floor(value * 10 + 0.5 + 1e-6) / 10


def of_mask(mask: Mask, affine: NDArray[np.float64]) -> Measured:
    """What a mask measures in a volume of that affine, (slice, row, column, 1) to mm."""
    _, row_mm, column_mm = np.linalg.norm(affine[:3, :3], axis=0)
    areas = mask.voxels.sum(axis=(1, 2))
    long, short = calipers(mask.voxels[int(areas.argmax())], float(row_mm), float(column_mm))
    voxel_mm3 = abs(float(np.linalg.det(affine[:3, :3])))
    return Measured(
        one_decimal(_length(long)),
        one_decimal(_length(short)),
        one_decimal(int(mask.voxels.sum()) * voxel_mm3),
    )


def of_ellipsoid(axes_mm: tuple[float, float, float], affine: NDArray[np.float64]) -> Measured:
    """What an ellipsoid measures whose axes lie along column, row and slice of the volume."""
    column_mm, row_mm, slice_mm = axes_mm
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    tilt = abs(float(np.linalg.det(directions)))  # below 1 where slices are not stacked upright
    volume_mm3 = math.pi / 6 * column_mm * row_mm * slice_mm * tilt
    long_mm, short_mm = max(column_mm, row_mm), min(column_mm, row_mm)
    return Measured(one_decimal(long_mm), one_decimal(short_mm), one_decimal(volume_mm3))


def by_hand(calipers_mm: Sequence[Sequence[float]], volume_mm3: float) -> Measured:
    """What calipers measure: both ends of one axis, then of the other. The longer is the long."""
    first, second = (math.dist(*calipers_mm[i : i + 2]) for i in (0, 2))
    long_mm, short_mm = max(first, second), min(first, second)
    return Measured(one_decimal(long_mm), one_decimal(short_mm), volume_mm3)


def calipers(pixels: NDArray[np.bool_], row_mm: float, column_mm: float) -> tuple[Segment, Segment]:
    """Long and short axis of the `pixels` [row, column] set, as ends (x, y) in mm.

    x grows with the column, y with the row; the centre of pixel [0, 0] is (0, 0).
    """
    hull = _hull(_outline(pixels, row_mm, column_mm))
    long = _longest(hull)
    return long, _widest_across(hull, long)


def _outline(pixels: NDArray[np.bool_], row_mm: float, column_mm: float) -> list[Point]:
    """The middles of the edges between pixels inside and outside."""
    padded = np.pad(pixels, 1).astype(np.int8)
    points: list[Point] = []
    for axis, (row_off, column_off) in ((0, (0.5, 0.0)), (1, (0.0, 0.5))):
        rows, columns = np.nonzero(np.diff(padded, axis=axis))
        ys = (rows - 1 + row_off) * row_mm
        xs = (columns - 1 + column_off) * column_mm
        points += zip(xs.tolist(), ys.tolist(), strict=True)
    return points


def _hull(points: list[Point]) -> list[Point]:
    """The convex hull's corners in order, from the lowest x on (Andrew's monotone chain)."""
    ordered = sorted(set(points))

    def half(along: list[Point]) -> list[Point]:
        chain: list[Point] = []
        for point in along:
            while len(chain) > 1 and _turn(chain[-2], chain[-1], point) <= SAME_MM:
                chain.pop()
            chain.append(point)
        return chain[:-1]

    return half(ordered) + half(ordered[::-1])


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _length(segment: Segment) -> float:
    (ax, ay), (bx, by) = segment
    return math.sqrt((bx - ax) * (bx - ax) + (by - ay) * (by - ay))


def _longest(hull: list[Point]) -> Segment:
    best = (hull[0], hull[1])
    for i, a in enumerate(hull):
        for b in hull[i + 1 :]:
            if _length((a, b)) > _length(best) + SAME_MM:
                best = (a, b)
    return best


def _widest_across(hull: list[Point], long: Segment) -> Segment:
    """The longest chord at right angles to `long`.

    The width of a convex polygon is concave along any direction and bends at its corners only, so
    one of the longest chords begins at a corner.
    """
    (ax, ay), (bx, by) = long
    length = _length(long)
    ux, uy = (bx - ax) / length, (by - ay) / length
    best = (hull[0], hull[0])
    for corner in hull:
        chord = _chord(hull, corner, ux, uy)
        if _length(chord) > _length(best) + SAME_MM:
            best = chord
    return best


def _chord(hull: list[Point], through: Point, ux: float, uy: float) -> Segment:
    """The part within the hull of the line through a corner across the direction (ux, uy)."""
    at = through[0] * ux + through[1] * uy
    heights = []
    for (px, py), (qx, qy) in zip(hull, hull[1:] + hull[:1], strict=True):
        p, q = px * ux + py * uy - at, qx * ux + qy * uy - at
        if min(p, q) > SAME_MM or max(p, q) < -SAME_MM:
            continue
        share = 0.0 if abs(q - p) <= SAME_MM else -p / (q - p)
        x, y = px + share * (qx - px), py + share * (qy - py)
        heights.append(-x * uy + y * ux)
        if abs(q - p) <= SAME_MM:
            heights.append(-qx * uy + qy * ux)
    low, high = min(heights), max(heights)
    return (at * ux - low * uy, at * uy + low * ux), (at * ux - high * uy, at * uy + high * ux)
