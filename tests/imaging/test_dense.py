"""A chest of plain geometry: ribs around two lungs, a diaphragm below, things pasted into it."""

import numpy as np
import pytest

from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.ribcage import STEP_MM, Rays, pleura
from lungcore.imaging.volume import Volume

SLICE_MM, PIXEL_MM = 3.0, 1.0
SHAPE = (80, 260, 340)
WALL_MM = 4.0  # from the lungs to the inner side of the ribs


def coordinates():
    """(z from the feet, y, x) in mm from the middle of the chest."""
    z, y, x = np.indices(SHAPE, np.float32)
    return (SHAPE[0] - 1 - z) * SLICE_MM, (y - 130) * PIXEL_MM, (x - 170) * PIXEL_MM


def radius(y, x):
    """1 on the outline of the lungs' space."""
    return np.hypot(y / 85, x / 125)


def dome_mm(y, x):
    """How high the diaphragm stands."""
    return 60 - np.hypot(y, np.abs(x) - 70) ** 2 / 60


@pytest.fixture(scope="module")
def chest():
    """HU and where lung is; the first slice at the head."""
    z, y, x = coordinates()
    out_mm = (radius(y, x) - 1) * 85
    hu = np.where(out_mm < 30, 50, -1000)
    lungs = (out_mm < 0) & (np.abs(x) > 25) & (z < 220)
    lungs &= z > dome_mm(y, x)
    hu[lungs] = -850
    ribs = (out_mm > WALL_MM) & (out_mm < WALL_MM + 8) & ((z + np.abs(x) / 4) % 27 < 11)
    hu[ribs] = 500
    rng = np.random.default_rng(0)
    return (hu + rng.normal(0, 12, SHAPE)).astype(np.int16), lungs


def volume(hu):
    affine = np.eye(4)[:, [2, 1, 0, 3]] * [-SLICE_MM, PIXEL_MM, PIXEL_MM, 1]
    return Volume(hu, affine)


def with_tissue(chest, where, tissue_hu):
    hu, lungs = chest
    pasted = where & lungs
    noise = np.random.default_rng(1).normal(0, 12, SHAPE)
    return np.where(pasted, tissue_hu + noise, hu).astype(np.int16), pasted


def recall(mask, pasted):
    return np.count_nonzero(mask & pasted) / np.count_nonzero(pasted)


def ball(z_mm, y_mm, x_mm, size_mm):
    z, y, x = coordinates()
    return (z - z_mm) ** 2 + (y - y_mm) ** 2 + (x - x_mm) ** 2 <= (size_mm / 2) ** 2


@pytest.mark.parametrize("size_mm", [40, 60, 80])
@pytest.mark.parametrize("x_mm", [-115, 115])
def test_a_mass_at_the_chest_wall_is_part_of_the_lung(chest, x_mm, size_mm):
    hu, pasted = with_tissue(chest, ball(140, 10, x_mm, size_mm), 40)
    assert recall(lung_mask(volume(hu), dense=False), pasted) < 0.3
    assert recall(lung_mask(volume(hu)), pasted) > 0.75


@pytest.mark.parametrize("fluid_hu", [0, 10, 20])
def test_dependent_fluid_is_part_of_the_lung(chest, fluid_hu):
    z, y, x = coordinates()
    hu, pasted = with_tissue(chest, (x > 0) & (y - 0.3 * z > 0), fluid_hu)
    assert recall(lung_mask(volume(hu), dense=False), pasted) < 0.1
    mask = lung_mask(volume(hu))
    assert recall(mask, pasted) > 0.75
    outside = mask & ~chest[1] & ~lung_mask(volume(chest[0]))
    assert np.count_nonzero(outside) < 0.1 * np.count_nonzero(pasted)


def test_healthy_lungs_stay_as_they_are(chest):
    hu, lungs = chest
    plain, mask = (lung_mask(volume(hu), dense=dense) for dense in (False, True))
    assert np.count_nonzero(plain != mask) < 0.002 * np.count_nonzero(lungs)


def test_which_end_the_head_is_at_does_not_matter(chest):
    hu, _ = with_tissue(chest, ball(140, 10, 115, 60), 40)
    turned = Volume(hu[::-1].copy(), volume(hu).affine * [-1, 1, 1, 1])
    differ = lung_mask(volume(hu)) != lung_mask(turned)[::-1]
    assert np.count_nonzero(differ) < 0.01 * np.count_nonzero(lung_mask(volume(hu)))


@pytest.mark.parametrize("tissue_hu", [10, 40])
def test_below_the_diaphragm_is_no_lung(chest, tissue_hu):
    """What lies on the dome is taken for no reason to go on into the liver."""
    z, y, x = coordinates()
    hu, _ = with_tissue(chest, (x > 0) & (y - 0.3 * z > -20), tissue_hu)
    liver = (z < dome_mm(y, x) - 8) & (radius(y, x) < 1)
    assert np.count_nonzero(lung_mask(volume(hu)) & liver) < 0.01 * np.count_nonzero(liver)


def test_without_ribs_nothing_is_added(chest):
    hu, pasted = with_tissue(chest, ball(140, 10, 115, 60), 40)
    hu = np.minimum(hu, 60)
    assert recall(lung_mask(volume(hu)), pasted) < 0.3


def test_the_pleura_is_found_where_a_mass_hides_it(chest):
    hu, _ = with_tissue(chest, ball(140, 10, 115, 80), 40)
    rays = Rays((130.0, 170.0), PIXEL_MM)
    mask = lung_mask(volume(hu), dense=False)
    on_rays = [rays.sample(planes, 0) for planes in (hu, mask.astype(np.uint8))]
    found_mm = pleura(on_rays[0], on_rays[1] > 0, SLICE_MM) * STEP_MM
    assert found_mm[(SHAPE[0] - 1) - 47, 0] == pytest.approx(125, abs=5)  # to the left, at the mass
    assert found_mm[(SHAPE[0] - 1) - 47, 90] == pytest.approx(125, abs=5)


def test_what_is_drawn_on_rays_lies_where_it_was_sampled():
    disc = np.hypot(*np.meshgrid(np.arange(-60, 60), np.arange(-60, 60))) < 40
    rays = Rays((60.0, 60.0), 2.0)
    planes = np.stack([disc] * 2)
    drawn = rays.drawn(rays.sample(planes.astype(np.uint8), 0) > 0, planes.shape)
    assert np.count_nonzero(drawn != planes) < 0.06 * np.count_nonzero(planes)
