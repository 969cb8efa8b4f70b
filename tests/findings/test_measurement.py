"""Axes and volume against SimpleITK, against brute force, and against exact ellipses."""

import itertools
import math

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.spatial import ConvexHull

from lungcore.findings.mask import Mask
from lungcore.findings.measurement import (
    Measured,
    by_hand,
    calipers,
    of_ellipsoid,
    of_mask,
    one_decimal,
)

PIXELS = arrays.arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))).filter(np.any)
SPACING = st.floats(0.3, 2.0)


def _affine(slice_mm: float, row_mm: float, column_mm: float) -> np.ndarray:
    """Of upright axial slices: columns along x, rows along y, slices along z."""
    return np.diag([column_mm, row_mm, slice_mm, 1.0])[:, [2, 1, 0, 3]]


def _ellipse(shape, centre, half_mm, angle, row_mm, column_mm) -> np.ndarray:
    rows, columns = np.indices(shape)
    y, x = (rows - centre[0]) * row_mm, (columns - centre[1]) * column_mm
    along = x * math.cos(angle) + y * math.sin(angle)
    across = -x * math.sin(angle) + y * math.cos(angle)
    return (along / half_mm[0]) ** 2 + (across / half_mm[1]) ** 2 <= 1


@settings(deadline=None)
@given(PIXELS, SPACING, SPACING)
def test_the_long_axis_is_the_longest_between_edges(pixels, row_mm, column_mm):
    long, short = calipers(pixels, row_mm, column_mm)
    middles = set()
    for row, column in np.argwhere(pixels):
        for dr, dc in ((0, 1), (0, -1), (1, 0), (-1, 0)):
            beside = (row + dr, column + dc)
            inside = all(0 <= i < n for i, n in zip(beside, pixels.shape, strict=True))
            if not (inside and pixels[beside]):
                middles.add(((column + dc / 2) * column_mm, (row + dr / 2) * row_mm))
    longest = max(math.dist(a, b) for a, b in itertools.combinations(middles, 2))
    assert math.dist(*long) == pytest.approx(longest)
    assert math.dist(*short) <= math.dist(*long) + 1e-6
    direction, across = (np.subtract(end, start) for start, end in (long, short))
    assert float(np.dot(direction, across)) == pytest.approx(0, abs=1e-6)


@settings(deadline=None)
@given(PIXELS, SPACING, SPACING)
def test_the_short_axis_is_the_widest_across_by_brute_force(pixels, row_mm, column_mm):
    """Against chords of the hull (by SciPy) at its corners and at places between."""
    long, short = calipers(pixels, row_mm, column_mm)
    edges = []
    for row, column in np.argwhere(pixels):
        edges += [((column + dx / 2) * column_mm, row * row_mm) for dx in (-1, 1)]
        edges += [(column * column_mm, (row + dy / 2) * row_mm) for dy in (-1, 1)]
    start, end = map(np.array, long)
    u = (end - start) / np.linalg.norm(end - start)
    turned = np.array(edges) @ np.array([[u[0], -u[1]], [u[1], u[0]]])
    hull = turned[ConvexHull(turned).vertices]
    widths = []
    places = np.concatenate([hull[:, 0] - 1e-7, hull[:, 0] + 1e-7])
    for at in np.concatenate([places, np.linspace(hull[:, 0].min(), hull[:, 0].max(), 200)]):
        crossed = []
        for p, q in zip(hull, np.roll(hull, -1, axis=0), strict=True):
            if (p[0] - at) * (q[0] - at) < 0:
                crossed.append(p[1] + (at - p[0]) / (q[0] - p[0]) * (q[1] - p[1]))
        if len(crossed) == 2:
            widths.append(abs(crossed[0] - crossed[1]))
    assert math.dist(*short) == pytest.approx(max(widths), abs=1e-4)


@pytest.mark.parametrize(
    ("half_mm", "angle"), [((10, 6), 0.0), ((10, 6), 0.5), ((4, 3.9), 1.2), ((20, 5), -0.7)]
)
def test_an_ellipse_measures_its_axes(half_mm, angle):
    pixels = _ellipse((300, 300), (151.3, 148.7), half_mm, angle, 0.2, 0.2)
    long, short = calipers(pixels, 0.2, 0.2)
    assert math.dist(*long) == pytest.approx(2 * half_mm[0], abs=0.3)
    assert math.dist(*short) == pytest.approx(2 * half_mm[1], abs=0.3)


def test_volume_and_long_axis_agree_with_simpleitk():
    rng = np.random.default_rng(3)
    spacing = (1.25, 0.7, 0.6)
    for _ in range(5):
        half_mm, angle = rng.uniform(4, 11, 2), rng.uniform(0, math.pi)
        z = (np.arange(30) - 14.2) * spacing[0] / 9
        voxels = np.stack(
            [
                _ellipse(
                    (60, 70), (31, 33), half_mm * math.sqrt(max(1 - t * t, 1e-9)), angle, 0.7, 0.6
                )
                for t in z
            ]
        )
        found = of_mask(Mask((3, 5, 7), voxels), _affine(*spacing))
        image = sitk.GetImageFromArray(voxels.astype(np.uint8))
        image.SetSpacing(spacing[::-1])
        filter3d = sitk.LabelShapeStatisticsImageFilter()
        filter3d.Execute(image)
        assert found.volume_mm3 == pytest.approx(filter3d.GetPhysicalSize(1), abs=0.051)
        slice_ = sitk.GetImageFromArray(
            voxels[voxels.sum(axis=(1, 2)).argmax()].astype(np.uint8).repeat(7, 0).repeat(6, 1)
        )
        slice_.SetSpacing((0.1, 0.1))
        feret = sitk.LabelShapeStatisticsImageFilter()
        feret.ComputeFeretDiameterOn()
        feret.Execute(slice_)
        # Over the corners of the pixels: longer, by less than a pixel's diagonal.
        assert 0 <= feret.GetFeretDiameter(1) + 0.1 - found.long_mm < math.hypot(0.7, 0.6)


def test_the_slice_with_the_largest_area_counts():
    voxels = np.zeros((3, 20, 20), bool)
    voxels[0, 5, 1:19] = True  # longer, but 18 pixels
    voxels[1, 4:12, 4:10] = True
    found = of_mask(Mask((0, 0, 0), voxels), _affine(2.0, 1.0, 1.0))
    assert found.long_mm < 11
    assert found.volume_mm3 == 2 * (18 + 48)


def test_one_voxel_measures_its_own_size():
    found = of_mask(Mask((9, 9, 9), np.ones((1, 1, 1), bool)), _affine(2.5, 0.7, 0.7))
    assert found == Measured(0.7, 0.7, one_decimal(2.5 * 0.49))


def test_an_ellipsoid_measures_in_the_slice():
    found = of_ellipsoid((8, 12, 20), _affine(2.5, 0.7, 0.7))
    assert found == Measured(12.0, 8.0, one_decimal(math.pi / 6 * 8 * 12 * 20))
    assert found.diameter_mm == 10.0
    tilted = _affine(2.5, 0.7, 0.7)
    tilted[1, 0] = 2.5 * math.tan(math.radians(20))
    ratio = of_ellipsoid((8, 12, 20), tilted).volume_mm3 / found.volume_mm3
    assert ratio == pytest.approx(math.cos(math.radians(20)), abs=1e-3)


def test_calipers_set_by_hand_count_as_they_lie():
    ends = [(0, 0, 5), (6, 0, 5), (1, -4.5, 5), (1, 3.52, 5)]
    assert by_hand(ends, 99.0) == Measured(8.0, 6.0, 99.0)


def test_means_are_rounded_half_up_to_one_decimal():
    assert Measured(8.1, 8.0, 0).diameter_mm == 8.1
    assert Measured(8.2, 8.1, 0).diameter_mm == 8.2
    assert one_decimal(5.25) == 5.3
