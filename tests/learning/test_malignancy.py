import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungcore.imaging.volume import Volume
from lungcore.learning.crops import SIDE, SPACING_MM, crop_at, crop_plane
from lungcore.learning.malignancy import calibrate, eight_views, rate
from lungcore.learning.ratings import plain_crop, read_rated_nodules, varied_crop

SETTINGS = {"slope": 2.0, "log_diameter": 1.0, "intercept": -3.0}


def test_crop_is_centred_and_of_physical_size():
    affine = np.diag([1.0, 0.5, 2.0, 1.0])[:, [2, 1, 0, 3]]
    affine[:3, 3] = (-30, 20, 7)
    volume = Volume(np.full((9, 200, 150), -850, np.int16), affine)
    volume.hu[4, 100:121, 60:81] = 200
    crop = crop_at(volume, volume.to_mm((4, 110, 70)))
    assert crop.shape == (SIDE, SIDE)
    rows, columns = np.nonzero(crop > 0)
    assert rows.mean() == pytest.approx((SIDE - 1) / 2, abs=0.6)
    assert columns.mean() == pytest.approx((SIDE - 1) / 2, abs=0.6)
    row_mm, column_mm = volume.spacing_mm[1:]
    assert np.ptp(rows) + 1 == pytest.approx(21 * row_mm / SPACING_MM, abs=2)
    assert np.ptp(columns) + 1 == pytest.approx(21 * column_mm / SPACING_MM, abs=2)


def test_beyond_the_plane_the_edge_repeats():
    crop = crop_plane(np.full((9, 9), 40, np.float32), (4, 4), np.eye(2))
    assert np.ptp(crop) == 0


def test_thin_slices_are_averaged():
    hu = np.zeros((5, 60, 60), np.int16)
    hu[2] = 300
    volume = Volume(hu, np.eye(4)[:, [2, 1, 0, 3]])
    alone = crop_plane(hu[2].astype(np.float32), (30, 30), np.eye(2))
    assert crop_at(volume, (30, 30, 2)).mean() < alone.mean()


def test_eight_views_are_all_there_are():
    crop = np.random.default_rng(0).normal(size=(1, SIDE, SIDE, 1)).astype(np.float32)
    views = eight_views(crop)
    assert len({view.tobytes() for view in views}) == 8
    assert any(np.array_equal(view[0, ..., 0], np.rot90(crop[0, ..., 0])) for view in views)
    with pytest.raises(ValueError, match="crops"):
        eight_views(crop[..., 0])


@given(st.floats(-1e3, 1e3), st.floats(1, 150))
def test_probabilities_stay_within_0_and_1(logit, diameter_mm):
    (probability,) = calibrate(np.array([logit]), np.array([diameter_mm]), SETTINGS)
    assert 0 <= probability <= 1


def test_nothing_to_rate():
    volume = Volume(np.zeros((3, 9, 9), np.int16), np.eye(4))
    assert rate(volume, [], None).shape == (0,)


def test_rated_nodules_are_read_with_every_reader(shared):
    nodules = read_rated_nodules(shared)
    assert len({nodule.patient_id for nodule in nodules}) > 700
    assert all(1 <= rating <= 5 for nodule in nodules for rating in nodule.ratings)
    assert max(len(nodule.ratings) for nodule in nodules) == 4
    first = nodules[0]
    assert plain_crop(first).shape == (SIDE, SIDE)
    assert varied_crop(first, np.random.default_rng(0)).dtype == np.float32
