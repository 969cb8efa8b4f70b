"""Alignment of scans by their lungs, against transforms that are known."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from lungcore.imaging.alignment import Alignment, Lungs, align
from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.phantom import thorax
from tests.imaging.test_lungs import read

SCALES = [(1.0, 1.0, 1.0), (0.94, 1.05, 1.1), (1.04, 0.97, 0.9)]
SHIFT = np.array([12.0, -35.0, 80.0])


@pytest.fixture(scope="module")
def lungs() -> Lungs:
    volume = thorax(spacing_mm=(3.0, 1.40625, 1.40625), slices=95).volume
    return Lungs(lung_mask(volume), volume.affine)


def moved(lungs: Lungs, scale, shift=SHIFT, keep=slice(None)) -> Lungs:
    """The same voxels where a scale and a shift of the patient put them."""
    affine = np.diag([*scale, 1.0]) @ lungs.affine
    affine[:3, 3] += shift
    affine[:3, 3] += affine[:3, 0] * (keep.start or 0)
    return Lungs(lungs.mask[keep], affine)


def worst_mm(found: Alignment, lungs: Lungs, scale) -> float:
    """The largest error over the lungs' voxels."""
    points = np.argwhere(lungs.mask) @ lungs.affine[:3, :3].T + lungs.affine[:3, 3]
    wrong = found.to_second(points) - (points * scale + SHIFT)
    return float(np.linalg.norm(wrong, axis=1).max())


@pytest.mark.parametrize("scale", SCALES)
def test_a_known_breath_and_shift_is_found(lungs, scale) -> None:
    found = align(lungs, moved(lungs, scale))
    assert worst_mm(found, lungs, scale) < 4.0
    assert found.overlap > 0.95
    assert found.is_good


@pytest.mark.parametrize("keep", [slice(0, 76), slice(19, 95), slice(12, 84)])
def test_a_scan_that_ends_within_the_lungs_is_still_aligned(lungs, keep) -> None:
    part = moved(lungs, (1, 1, 1), keep=keep)
    assert worst_mm(align(lungs, part), lungs, (1, 1, 1)) < 8.0
    back = align(part, lungs)
    points = np.argwhere(part.mask) @ part.affine[:3, :3].T + part.affine[:3, 3]
    assert np.abs(back.to_second(points) - (points - SHIFT)).max() < 8.0


def test_there_and_back_is_the_same_point() -> None:
    found = Alignment((0.9, 1.1, 1.05), (3.0, -4.0, 55.0), 0.9)
    points = np.random.default_rng(0).normal(size=(20, 3)) * 100
    np.testing.assert_allclose(found.to_first(found.to_second(points)), points)


def test_what_is_no_lung_is_not_aligned(lungs) -> None:
    ball = np.zeros_like(lungs.mask)
    ball[20:24, 30:40, 30:40] = True
    assert not align(lungs, Lungs(ball, lungs.affine)).is_good
    with pytest.raises(ValueError, match="second has no lung"):
        align(lungs, Lungs(np.zeros_like(ball), lungs.affine))


@pytest.fixture(scope="module")
def real(shared) -> Lungs:
    volume = read(shared / "unlabelled" / "4D-Lung_113_HM10395")
    return Lungs(lung_mask(volume), volume.affine)


@pytest.mark.parametrize("scale", [(1.04, 0.97, 0.9), (0.95, 1.06, 1.12)])
def test_real_lungs_that_breathe_are_aligned(real, scale) -> None:
    found = align(real, moved(real, scale))
    assert worst_mm(found, real, scale) < 4.0
    assert found.is_good


@pytest.mark.parametrize("axis", [0, 2])
@pytest.mark.parametrize(("degrees", "is_good"), [(5, True), (12, False)])
def test_lungs_that_are_turned_too_far_are_not_taken_for_aligned(
    real, axis, degrees, is_good
) -> None:
    """An alignment that counts as good leads to within 15 mm."""
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_euler("xyz"[axis], degrees, degrees=True).as_matrix()
    points = np.argwhere(real.mask) @ real.affine[:3, :3].T + real.affine[:3, 3]
    middle = points.mean(axis=0)
    matrix[:3, 3] = middle - matrix[:3, :3] @ middle + SHIFT
    found = align(real, Lungs(real.mask, matrix @ real.affine))
    assert found.is_good == is_good
    if is_good:
        wrong = found.to_second(points) - (points @ matrix[:3, :3].T + matrix[:3, 3])
        assert np.linalg.norm(wrong, axis=1).max() < 15.0
