import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lungcore.imaging.volume import Volume
from lungcore.learning.data import Background, Nodule, read_nodules, read_rows
from lungcore.learning.patches import Spot, draw_patch, prepare, thicken
from lungcore.learning.synthesis import draw_lesion, own_diameter_mm, paste, plain_lung
from lungcore.learning.targets import CENTRE_OF_CELL, OUTPUT_STRIDE
from lungcore.learning.tasks import LUNGS

BRIGHT_HU, LUNG_HU = 500, -850
RADII_MM = (1.6, 2, 2.6, 3.4, 4.4, 5.8, 7.6, 9.8, 12.5)  # some near every size that is drawn


def ball(radius_mm=6.0, spacing_mm=(2.0, 0.8, 0.8)):
    """A bright ball in lung, as a nodule at native spacing."""
    shape = tuple(int(2 * radius_mm / mm) + 8 for mm in spacing_mm)
    middle = (np.array(shape) - 1) / 2
    away = (np.moveaxis(np.indices(shape), 0, -1) - middle) * spacing_mm
    mask = np.linalg.norm(away, axis=-1) <= radius_mm
    hu = np.where(mask, BRIGHT_HU, LUNG_HU).astype(np.int16)
    affine = np.eye(4)[:, [2, 1, 0, 3]]
    affine[:, :3] *= spacing_mm
    return Nodule("patient", 0, Volume(hu, affine), mask, 2 * radius_mm, 5, 3)


def plain_background(side=80):
    hu = np.full((side,) * 3, -850, np.int16)
    lungs = np.zeros(hu.shape, bool)
    lungs[8:-8, 8:-8, 8:-8] = True
    trusted = np.ones(hu.shape, bool)
    return Background("plain", Volume(hu, np.eye(4)[:, [2, 1, 0, 3]]), lungs, trusted)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), brighten=st.booleans())
def test_truth_is_where_the_nodule_is(seed, brighten):
    rng = np.random.default_rng(seed)
    hu = np.full((60, 60, 60), -850, np.float32)
    lesion = draw_lesion(ball(), 14.0, 1.0, rng)
    truth = paste(hu, np.ones(hu.shape, bool), lesion, rng.integers(5, 55, 3), brighten=brighten)
    if truth:
        pasted = np.argwhere(hu > (BRIGHT_HU + LUNG_HU) / 2)
        np.testing.assert_allclose(pasted.mean(axis=0), truth.centre, atol=0.02)
        diameter_mm = np.cbrt(6 * len(pasted) / np.pi)
        assert diameter_mm == pytest.approx(truth.diameter_mm, rel=0.01)


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    diameter_mm=st.floats(15, 60),
    spacing_mm=st.sampled_from([1.0, 1.5]),
)
def test_size_follows_the_scale(seed, diameter_mm, spacing_mm):
    lesion = draw_lesion(ball(), diameter_mm, spacing_mm, np.random.default_rng(seed))
    found = np.cbrt(6 * np.count_nonzero(lesion.mask) / np.pi) * spacing_mm
    assert found == pytest.approx(diameter_mm, rel=0.08)


def test_nothing_is_pasted_outside_the_lung():
    hu = np.full((60, 60, 60), -850, np.float32)
    lungs = np.zeros(hu.shape, bool)
    lungs[:, :30] = True
    lesion = draw_lesion(ball(), 14.0, 1.0, np.random.default_rng(0))
    truth = paste(hu, lungs, lesion, np.array([30, 27, 30]), brighten=False)
    assert truth.centre[1] < 27
    assert (hu[:, 30:] == -850).all()
    before = hu.copy()
    assert paste(hu, lungs, lesion, np.array([30, 40, 30]), brighten=False) is None
    np.testing.assert_array_equal(hu, before)


def test_what_is_denser_than_lung_stays():
    hu = np.full((60, 60, 60), -850, np.float32)
    hu[:, 33:35] = 300  # a vessel
    rng = np.random.default_rng(0)
    lesion = draw_lesion(ball(), 14.0, 1.0, rng)
    whole = np.ones(hu.shape, bool)
    assert paste(hu, whole, lesion, np.array([30, 30, 30]), brighten=False)
    assert hu[:, 33:35].min() >= 300 - 1e-3


def test_a_nodule_that_nobody_could_see_is_not_pasted():
    hu = np.full((60, 60, 60), 40, np.float32)  # mediastinum, within the mask of the lungs
    lesion = draw_lesion(ball(), 14.0, 1.0, np.random.default_rng(0))
    whole = np.ones(hu.shape, bool)
    assert paste(hu, whole, lesion, np.array([30, 30, 30]), brighten=True) is None
    assert (hu == 40).all()


def test_shams_hold_plain_lung_alone():
    rng = np.random.default_rng(0)
    outline = draw_lesion(ball(), 10.0, 1.0, rng)
    lung = np.full((50, 50, 50), -850, np.int16)
    sham = plain_lung(outline, lung, rng)
    assert (sham.hu == -850).all()
    assert plain_lung(outline, np.full((50, 50, 50), 40, np.int16), rng) is None


# Fixed seeds: now and then a patch is drawn so faint and noisy that nothing stands out of it.
@pytest.mark.parametrize("seed", range(8))
def test_patch_targets_point_at_bright_voxels(seed):
    sources = prepare(LUNGS, [ball(radius) for radius in RADII_MM], [plain_background()])
    image, truth = draw_patch(sources, [Spot(0, (40, 40, 40))], 64, np.random.default_rng(seed))
    assert image.shape == (64, 64, 64, 1)
    assert truth.shape == (16, 16, 16, 6)
    assert (truth[..., 5] == 1).all()
    smooth = thicken(image[..., 0], 2.0)
    for cell in np.argwhere(truth[..., 0] == 1):
        offset, log_diameter = truth[(*cell, slice(1, 4))], truth[(*cell, 4)]
        if log_diameter > np.log(8):
            voxel = np.rint((cell + offset) * OUTPUT_STRIDE + CENTRE_OF_CELL).astype(int)
            around = smooth[tuple(slice(max(v - 2, 0), v + 3) for v in voxel)]
            assert around.max() > smooth.mean() + 0.1


def test_crop_voxels_lie_where_the_index_says(shared):
    rows = {row["file"]: row for row in read_rows(shared / "lidc_nodule_voi3d" / "voi_index.csv")}
    nodules = read_nodules(shared, frozenset({7}))
    wanted = [row for row in rows.values() if row["fold"] == "7"]
    assert len(nodules) == len(wanted)
    for nodule, row in zip(nodules, wanted, strict=True):
        centroid_mm = nodule.volume.to_mm(np.argwhere(nodule.mask).mean(axis=0))
        truth_mm = [float(row[name]) for name in ("coordX", "coordY", "coordZ")]
        assert np.linalg.norm(centroid_mm - truth_mm) < max(3.0, nodule.diameter_mm / 3)
        assert own_diameter_mm(nodule) == pytest.approx(nodule.diameter_mm, rel=0.6)


def test_hold_out_patients_are_left_out(shared):
    patients = {nodule.patient_id for nodule in read_nodules(shared, frozenset({2, 4}))}
    assert not patients & {"LIDC-IDRI-0001", "LIDC-IDRI-0003", "LIDC-IDRI-0023"}
