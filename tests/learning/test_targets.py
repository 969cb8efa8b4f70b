import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lungcore.learning.peaks import Peak, pick_peaks, sigmoid, suppress
from lungcore.learning.targets import encode
from lungcore.learning.windowing import normalise

SHAPE = (48, 64, 80)


def as_output(truth):
    """What a detector that knows the truth would say."""
    heat = np.clip(truth[..., 0], 1e-4, 1 - 1e-4)
    return np.concatenate([np.log(heat / (1 - heat))[..., None], truth[..., 1:5]], axis=-1)


@settings(max_examples=40, deadline=None)
@given(
    centre=st.tuples(st.floats(2, 45), st.floats(2, 61), st.floats(2, 77)),
    diameter_mm=st.floats(3, 80),
    spacing_mm=st.sampled_from([0.7, 1.0, 3.0]),
)
def test_peaks_invert_the_targets(centre, diameter_mm, spacing_mm):
    truth = encode(SHAPE, [centre], [diameter_mm], np.ones(SHAPE, bool), spacing_mm)
    (peak,) = pick_peaks(as_output(truth), 0.9, spacing_mm)
    np.testing.assert_allclose(peak.position, centre, atol=1e-3)
    assert peak.diameter_mm == pytest.approx(diameter_mm, rel=1e-4)


def test_cells_with_an_untrusted_voxel_weigh_nothing():
    trusted = np.ones(SHAPE, bool)
    trusted[5, 9, 13] = False
    weight = encode(SHAPE, [], [], trusted, 1.0)[..., 5]
    assert weight[1, 2, 3] == 0
    assert weight.sum() == weight.size - 1


@pytest.mark.parametrize("spacing_mm", [1.0, 3.0])
def test_heat_is_as_wide_as_the_lesion(spacing_mm):
    """Half as warm at the standard deviation times 1.18, a sixth of the diameter."""
    centre, diameter_mm = (17.5, 17.5, 17.5), 36.0 * spacing_mm
    heat = encode(SHAPE, [centre], [diameter_mm], np.ones(SHAPE, bool), spacing_mm)[..., 0]
    along = np.interp(17.5 + 6 * 1.1774, np.arange(len(heat)) * 4 + 1.5, heat[:, 4, 4])
    assert along == pytest.approx(0.5, abs=0.06)


def test_a_centre_outside_warms_what_is_near_but_has_no_cell():
    truth = encode(SHAPE, [(-6.0, 20, 20)], [40.0], np.ones(SHAPE, bool), 1.0)
    assert 0.3 < truth[..., 0].max() < 1
    cell = np.unravel_index(truth[..., 0].argmax(), truth.shape[:3])
    assert cell[0] == 0


def test_one_candidate_a_nodule():
    peaks = [Peak((10, 10, 10), 20, 0.9), Peak((10, 10, 18), 4, 0.8), Peak((10, 10, 40), 4, 0.7)]
    assert suppress(peaks, 1.0) == [peaks[0], peaks[2]]
    assert suppress(peaks, 2.0) == peaks  # 16 mm apart there


@given(st.floats(-1e6, 1e6))
def test_probabilities_stay_within_0_and_1(logit):
    assert 0 <= sigmoid(logit) <= 1


def test_nothing_above_the_threshold():
    assert pick_peaks(np.full((4, 4, 4, 5), -9.0, np.float32), 0.1, 1.0) == []


def test_normalise_clips():
    hu = np.array([-2000, -1000, -300, 3000])
    np.testing.assert_array_equal(normalise(hu, (-1000, 400)), [-1, -1, 0, 1])
