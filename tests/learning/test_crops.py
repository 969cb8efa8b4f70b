import numpy as np
import pytest
import SimpleITK
from hypothesis import given, settings
from hypothesis import strategies as st

from lungcore.imaging.volume import Volume
from lungcore.learning.crops import between, spread, stack_at
from lungcore.learning.tasks import LUNGS
from lungcore.learning.windowing import normalise

SIDE, NEIGHBOURS = LUNGS.crop.side, LUNGS.crop.neighbours
SPACING_MM, STEP_MM = LUNGS.crop.spacing_mm, LUNGS.crop.step_mm

AFFINE = np.diag([0.8, 0.6, 2.5, 1.0])[:, [2, 1, 0, 3]]  # (slice, row, column) to x, y, z
AFFINE[:3, 3] = (-31, 22, 7)


@pytest.fixture
def volume():
    rng = np.random.default_rng(0)
    return Volume(rng.integers(-900, 300, (14, 120, 110)).astype(np.int16), AFFINE)


def test_stack_is_what_simpleitk_resamples(volume):
    index = (6.3, 55.2, 60.7)
    stack = stack_at(volume, index, 5.0, LUNGS)
    image = SimpleITK.GetImageFromArray(volume.hu.astype(np.float32))
    image.SetSpacing((0.8, 0.6, 2.5))
    image.SetOrigin((-31, 22, 7))
    grid = SimpleITK.Image(SIDE, SIDE, len(stack.hu), SimpleITK.sitkFloat32)
    grid.SetSpacing(stack.spacing_mm[::-1])
    grid.SetOrigin(stack.affine[:3, 3].tolist())
    expected = SimpleITK.GetArrayFromImage(
        SimpleITK.Resample(image, grid, SimpleITK.Transform(), SimpleITK.sitkLinear)
    )
    # OpenCV places its samples on a grid of 1/32 pixel.
    assert np.abs(stack.hu - expected).mean() < 15
    assert np.corrcoef(stack.hu.ravel(), expected.ravel())[0, 1] > 0.99


def test_the_centre_lies_where_it_was_asked_for(volume):
    index = (6.3, 55.2, 60.7)
    stack = stack_at(volume, index, 5.0, LUNGS)
    centre_mm = stack.affine @ [*stack.centre, 1]
    np.testing.assert_allclose(centre_mm[:3], volume.to_mm(index))
    assert stack.spacing_mm == (STEP_MM, SPACING_MM, SPACING_MM)


@settings(deadline=None)
@given(st.floats(0, 13), st.floats(0, 12), st.sampled_from([1.0, 2.0, 3.0]))
def test_planes_stay_within_the_volume(middle, reach_mm, zoom):
    volume = Volume(np.zeros((14, 40, 40), np.int16), AFFINE)
    stack = stack_at(volume, (middle, 20, 20), reach_mm, LUNGS, zoom)
    planes = np.arange(len(stack.hu)) - stack.before
    places = middle + planes * STEP_MM * zoom / 2.5
    assert places.min() >= -0.5
    assert places.max() <= 13.5
    reach = round(reach_mm / STEP_MM / zoom)
    assert stack.ends == (stack.before < reach, planes[-1] < reach)


def test_a_centre_outside_is_refused(volume):
    with pytest.raises(ValueError, match="index"):
        stack_at(volume, (14.2, 50, 50), 5.0, LUNGS)


def test_slabs_repeat_the_end(volume):
    stack = stack_at(volume, (6, 55, 60), 4.0, LUNGS)
    slabs = stack.slabs()
    assert slabs.shape == (len(stack.hu), SIDE, SIDE, len(NEIGHBOURS))
    middle = NEIGHBOURS.index(0)
    for channel in range(middle):
        np.testing.assert_array_equal(slabs[0, ..., channel], slabs[0, ..., middle])
    np.testing.assert_array_equal(
        slabs[3, ..., middle + 1], normalise(stack.hu[5], LUNGS.window_hu)
    )


def test_a_longer_crop_shows_the_same(volume):
    """What a padded end could tell of a nodule's size: planes in the middle must not change."""
    whole = stack_at(volume, (6, 55, 60), 12.0, LUNGS)
    cut = Volume(volume.hu[3:10], AFFINE)
    part = stack_at(cut, (3, 55, 60), 12.0, LUNGS)
    offset = whole.before - part.before
    inner = slice(1 + NEIGHBOURS[-1], len(part.hu) - 1 - NEIGHBOURS[-1])
    assert len(part.hu[inner]) > 3
    np.testing.assert_allclose(
        whole.slabs()[offset : offset + len(part.hu)][inner], part.slabs()[inner], atol=1e-5
    )


def test_between_is_linear():
    planes = np.arange(4, dtype=np.int16)[:, None, None] * np.ones((1, 3, 3), np.int16)
    assert between(planes, [1.25])[0, 0, 0] == pytest.approx(1.25)
    assert between(planes, [-3, 9])[:, 0, 0].tolist() == [0, 3]


def test_a_ball_comes_back_from_the_planes_as_it_went_in():
    affine = np.diag([0.7, 0.7, 1.25, 1.0])[:, [2, 1, 0, 3]]
    places = np.stack(np.meshgrid(*(np.arange(n) for n in (20, 60, 60)), indexing="ij"), -1)
    away = np.linalg.norm((places - (9, 30, 29)) * (1.25, 0.7, 0.7), axis=-1)
    ball = away <= 6
    volume = Volume((ball * 1000).astype(np.int16), affine)
    stack = stack_at(volume, (9, 30, 29), 10.0, LUNGS)
    back = spread(stack.hu, 0, stack, volume) >= 500
    assert 2 * (back & ball).sum() / (back.sum() + ball.sum()) > 0.97
