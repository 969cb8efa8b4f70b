"""The volume's geometry against SimpleITK's."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis import strategies as st

from lungcore.imaging.volume import Volume

spacings = st.floats(0.3, 8)
offsets = st.floats(-1000, 1000)
angles = st.floats(-0.6, 0.6)
indices = st.tuples(st.floats(0, 3), st.floats(0, 4), st.floats(0, 5))


def rotation(x: float, y: float, z: float) -> np.ndarray:
    euler = sitk.Euler3DTransform()
    euler.SetRotation(x, y, z)
    return np.array(euler.GetMatrix()).reshape(3, 3)


def both(spacing: tuple, origin: tuple, turned: tuple) -> tuple[Volume, sitk.Image]:
    """The same geometry as our volume and as a SimpleITK image (column, row, slice)."""
    hu = np.zeros((4, 5, 6), np.int16)
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    directions = rotation(*turned)
    image.SetDirection(directions.ravel().tolist())
    affine = np.eye(4)
    affine[:3, :3] = (directions * spacing)[:, ::-1]
    affine[:3, 3] = origin
    return Volume(hu, affine), image


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(spacings, spacings, spacings),
    st.tuples(offsets, offsets, offsets),
    st.tuples(angles, angles, angles),
    indices,
)
def test_positions_agree_with_simpleitk(spacing, origin, turned, index) -> None:
    volume, image = both(spacing, origin, turned)
    expected = image.TransformContinuousIndexToPhysicalPoint(index[::-1])
    np.testing.assert_allclose(volume.to_mm(index), expected, atol=1e-6)
    np.testing.assert_allclose(volume.to_index(expected), index, atol=1e-6)
    np.testing.assert_allclose(volume.spacing_mm, spacing[::-1], rtol=1e-9)


def test_many_positions_at_once() -> None:
    volume, _ = both((0.7, 0.8, 2.5), (1.0, 2.0, 3.0), (0, 0, 0))
    found = volume.to_mm([[0, 0, 0], [1, 1, 1]])
    np.testing.assert_allclose(found, [[1, 2, 3], [1.7, 2.8, 5.5]])


@pytest.mark.parametrize(
    ("hu", "affine"),
    [
        (np.zeros((2, 2, 2), np.float32), np.eye(4)),
        (np.zeros((2, 2), np.int16), np.eye(4)),
        (np.zeros((2, 2, 2), np.int16), np.eye(3)),
        (np.zeros((2, 2, 2), np.int16), np.diag([1.0, 1.0, 0.0, 1.0])),
    ],
)
def test_a_wrong_shape_type_or_affine_is_refused(hu, affine) -> None:
    with pytest.raises(ValueError, match=r"hu|affine"):
        Volume(hu, affine)
