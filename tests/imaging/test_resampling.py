import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lungcore.imaging.resampling import Box, bounding_box, crop, grid_shape, resample
from lungcore.imaging.volume import Volume

spacings = st.floats(0.6, 3.0)


def plane_volume(shape, spacing_mm):
    """HU that grow linearly with the patient position, so that interpolation is exact inside."""
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, 1], [0, 1, 0], [-1, 0, 0]]) * spacing_mm
    affine[:3, 3] = (-20.0, 35.0, 100.0)
    blank = Volume(np.zeros(shape, np.int16), affine, "1.2.3")
    index = np.stack(np.indices(shape), axis=-1)
    return Volume(np.rint(ramp(blank.to_mm(index))).astype(np.int16), affine, "1.2.3")


def ramp(position_mm):
    return position_mm @ np.array([3.0, -2.0, 5.0])


@settings(max_examples=25, deadline=None)
@given(slice_mm=spacings, row_mm=spacings, column_mm=spacings)
def test_values_stay_where_the_affine_says(slice_mm, row_mm, column_mm):
    fine = resample(plane_volume((24, 30, 26), (slice_mm, row_mm, column_mm)), 1.0)
    index = np.stack(np.indices(fine.shape), axis=-1)
    error = fine.hu - ramp(fine.to_mm(index))
    # Areas are whole voxels and HU are rounded; half a voxel off would be four times this.
    assert np.abs(error[4:-4, 4:-4, 4:-4]).max() < 4.0


@settings(max_examples=25, deadline=None)
@given(slice_mm=spacings, row_mm=spacings)
def test_the_extent_stays(slice_mm, row_mm):
    volume = plane_volume((21, 30, 26), (slice_mm, row_mm, row_mm))
    fine = resample(volume, 1.0)
    for corner in (-0.5, 0.5):
        old = volume.to_mm(np.array(volume.shape) * (corner + 0.5) - 0.5)
        new = fine.to_mm(np.array(fine.shape) * (corner + 0.5) - 0.5)
        np.testing.assert_allclose(old, new, atol=1e-9)
    assert np.abs(np.array(fine.spacing_mm) - 1).max() < 0.05


def test_shape_and_frame_of_reference():
    volume = plane_volume((10, 40, 40), (2.5, 0.7, 0.7))
    assert grid_shape(volume, 1.0) == (25, 28, 28)
    assert resample(volume, 1.0).frame_of_reference_uid == "1.2.3"


def test_bounding_box_with_margin_stays_inside():
    mask = np.zeros((6, 7, 8), bool)
    mask[1:3, 4, 2:7] = True
    assert bounding_box(mask) == Box((1, 4, 2), (3, 5, 7))
    assert bounding_box(mask, (2, 1, 5)) == Box((0, 3, 0), (5, 6, 8))
    with pytest.raises(ValueError, match="mask"):
        bounding_box(np.zeros((3, 3, 3), bool))


def test_crop_keeps_positions():
    volume = plane_volume((10, 12, 14), (2.5, 0.7, 0.8))
    part = crop(volume, Box((2, 3, 4), (6, 9, 11)))
    assert part.hu[1, 2, 3] == volume.hu[3, 5, 7]
    np.testing.assert_allclose(part.to_mm((1, 2, 3)), volume.to_mm((3, 5, 7)))
