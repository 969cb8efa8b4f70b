"""Marks on the voxels of their series."""

import math

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

from lungcore.errors import LungcoreError
from lungcore.findings.labels import Drawn, DrawnSet, Grid, Outline, Voxels
from lungcore.findings.placing import place
from lungcore.findings.voxels import ball, ellipsoid, on_grid, to_index, trimmed

SHAPE = (12, 20, 24)
AFFINE = np.array([[0, 0, 0.7, -30], [0, 0.8, 0, 15], [2.5, 0, 0, -100], [0, 0, 0, 1]], float)
GRID = Grid(SHAPE, AFFINE)


def placed(*marks, grid=GRID):
    return place(DrawnSet(series_uid="1.2", reader="ann", marks=marks), grid)


def square(z, low, high, how="add"):
    """A square in pixels from `low` to `high` on both axes."""
    corners = [(low, low), (high, low), (high, high), (low, high)]
    return Outline(np.array([(x, y, z) for x, y in corners], float), how)


def test_outlines_in_pixels_become_voxels_on_the_slice_of_their_z():
    drawn = Drawn(name="1", shape=(square(-95, 4, 8), square(-92.5, 5, 6)), in_pixels=True)
    [mark] = placed(drawn).labels.marks
    wanted = np.zeros(SHAPE, bool)
    wanted[2, 4:9, 4:9] = True
    wanted[3, 5:7, 5:7] = True
    np.testing.assert_array_equal(on_grid(mark.mask, GRID), wanted)
    assert mark.mask.origin == (2, 4, 4)


def test_the_size_is_the_spheres_of_the_same_volume():
    drawn = Drawn(name="1", shape=(square(-95, 4, 8),), in_pixels=True)
    [mark] = placed(drawn).labels.marks
    volume_mm3 = 25 * 0.7 * 0.8 * 2.5
    assert 4 / 3 * math.pi * (mark.diameter_mm / 2) ** 3 == pytest.approx(volume_mm3)
    assert mark.center_mm == pytest.approx((-30 + 6 * 0.7, 15 + 6 * 0.8, -95))


def test_a_hole_is_taken_out_with_its_line_and_a_toggle_within_another_is_a_hole():
    for how, left in (("hole", 49 - 9), ("toggle", 49 - 9)):
        shape = (square(-95, 2, 8, "add" if how == "hole" else "toggle"), square(-95, 4, 6, how))
        [mark] = placed(Drawn(name="1", shape=shape, in_pixels=True)).labels.marks
        assert mark.mask.voxels.sum() == left


def test_outlines_in_mm_are_those_in_pixels():
    pixels = square(-95, 4, 8)
    column, row, z = pixels.points.T
    mm = Outline(np.stack([-30 + 0.7 * column, 15 + 0.8 * row, z], axis=1))
    [one] = placed(Drawn(name="1", shape=(pixels,), in_pixels=True)).labels.marks
    [other] = placed(Drawn(name="1", shape=(mm,))).labels.marks
    assert one.mask.origin == other.mask.origin
    np.testing.assert_array_equal(one.mask.voxels, other.mask.voxels)


def test_what_lies_outside_even_in_part_is_named_and_left_out():
    marks = (
        Drawn(name="in", center=(-20, 20, -90), diameter_mm=5),
        Drawn(name="below", center=(-20, 20, -200), diameter_mm=5),
        Drawn(name="cut", shape=(square(-95, 4, 8), square(-102.5, 4, 8)), in_pixels=True),
        Drawn(name="beside", shape=(square(-95, 20, 30),), in_pixels=True),
        Drawn(name="nowhere", center=(math.nan, 20, -90)),
    )
    found = placed(*marks)
    assert [mark.name for mark in found.labels.marks] == ["in"]
    assert found.outside == ("below", "cut", "beside", "nowhere")


def test_a_point_in_pixels_lies_at_its_pixel():
    [mark] = placed(
        Drawn(name="1", kind="non_nodule", center=(10, 4, -77.5), in_pixels=True)
    ).labels.marks
    assert mark.center_mm == pytest.approx((-23, 18.2, -77.5))
    assert (mark.mask, mark.diameter_mm) == (None, None)


def test_pixels_need_axial_slices():
    coronal = Grid(SHAPE, AFFINE[[0, 2, 1, 3]])
    with pytest.raises(LungcoreError, match="axial"):
        placed(Drawn(name="1", center=(1, 1, 1), in_pixels=True), grid=coronal)


@given(st.data())
def test_voxels_of_the_same_grid_stay_as_they_are(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    low = [data.draw(st.integers(0, n - 3)) for n in SHAPE]
    box = rng.random((3, 3, 3)) > 0.5
    box[0, 0, 0] = True
    affine = AFFINE.copy()
    affine[:3, 3] += AFFINE[:3, :3] @ low
    [mark] = placed(Drawn(name="1", shape=Voxels(box, affine))).labels.marks
    wanted = np.zeros(SHAPE, bool)
    wanted[tuple(slice(n, n + 3) for n in low)] = box
    np.testing.assert_array_equal(on_grid(mark.mask, GRID), wanted)


def test_voxels_of_another_grid_are_resampled_as_simpleitk_does():
    rng = np.random.default_rng(3)
    coarse = rng.random((5, 6, 7)) > 0.4
    affine = np.array([[0, 0.2, 1.3, -28], [0.1, 1.1, 0, 17], [3.1, 0, 0, -97], [0, 0, 0, 1]])
    [mark] = placed(Drawn(name="1", shape=Voxels(coarse, affine))).labels.marks
    # Nearest neighbours by an affine transform between the two index spaces.
    image = SimpleITK.GetImageFromArray(coarse.astype(np.uint8))
    between = np.linalg.inv(affine) @ AFFINE
    transform = SimpleITK.AffineTransform(3)
    transform.SetMatrix(between[:3, :3][::-1, ::-1].ravel().tolist())
    transform.SetTranslation(between[:3, 3][::-1].tolist())
    reference = SimpleITK.Image(*SHAPE[::-1], SimpleITK.sitkUInt8)
    resampled = SimpleITK.Resample(image, reference, transform, SimpleITK.sitkNearestNeighbor)
    wanted = SimpleITK.GetArrayFromImage(resampled) > 0
    assert wanted.sum() > 100
    np.testing.assert_array_equal(on_grid(mark.mask, GRID), wanted)


@pytest.mark.parametrize("tilt", [0.0, 0.6])
def test_a_ball_holds_what_is_nearer_than_its_radius(tilt):
    """On slices of a tilted gantry too, whose axes are not at right angles."""
    affine = AFFINE.copy()
    affine[1, 0] = tilt
    grid = Grid(SHAPE, affine)
    center = (-22.13, 24.31, -86.07)
    index = np.argwhere(np.ones(SHAPE))
    mm = index @ affine[:3, :3].T + affine[:3, 3]
    wanted = (np.linalg.norm(mm - center, axis=1) <= 4.5).reshape(SHAPE)
    np.testing.assert_array_equal(on_grid(ball(center, 9, grid), grid), wanted)


def test_an_ellipsoid_has_its_axes_along_columns_rows_and_slices():
    center, axes_mm = (-22.1, 22.3, -86), (9.0, 5.0, 12.0)
    index = np.argwhere(np.ones(SHAPE))
    mm = index @ AFFINE[:3, :3].T + AFFINE[:3, 3] - center  # here x, y, z grow so
    wanted = ((mm / (np.array(axes_mm) / 2)) ** 2).sum(axis=1) <= 1
    found = ellipsoid(center, axes_mm, GRID)
    np.testing.assert_array_equal(on_grid(found, GRID), wanted.reshape(SHAPE))


def test_a_ball_outside_is_none():
    assert ball((500, 0, 0), 9, GRID) is None


def test_indices_and_positions_are_inverse():
    index = np.array([3.2, 4.5, 6.1])
    np.testing.assert_allclose(
        to_index(GRID, AFFINE[:3, :3] @ index + AFFINE[:3, 3]), index, atol=1e-9
    )


def test_trimming_nothing_gives_nothing():
    assert trimmed(np.zeros((2, 2, 2), bool)) is None
