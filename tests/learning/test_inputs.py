"""What a study looks like, and when it lies outside of the training data."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungcore.imaging.volume import Volume
from lungcore.language import text
from lungcore.learning import inputs


def study(slice_mm=1.0, pixel_mm=0.7, hu=-850, kernel=""):
    affine = np.diag([pixel_mm, pixel_mm, slice_mm, 1.0])[:, [2, 1, 0, 3]]
    voxels = np.full((8, 16, 16), hu, np.int16)
    voxels[:4] = 40
    return inputs.profile(Volume(voxels, affine), kernel)


LEARNT = inputs.of_profiles(
    [study(1.0, 0.6, -850, "B30f"), study(2.5, 0.8, -860, "B50f")], thickest_mm=5.0
)


def test_a_profile_is_what_the_volume_is():
    one = study(2.5, 0.7, kernel=" B50f ")
    assert (one.slice_mm, one.pixel_mm, one.kernel) == (2.5, 0.7, "B50f")
    assert one.hu == pytest.approx([0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0])


def test_what_was_learnt_from_is_in_range():
    for one in (study(1.0, 0.6), study(2.5, 0.8, kernel="B50f"), study(5.0, 0.7), study(1.0, 0.64)):
        assert inputs.departures(LEARNT, one) == []


@pytest.mark.parametrize(
    ("odd", "key"),
    [
        (study(slice_mm=7.0), "models.out_of_range_slice_mm"),
        (study(pixel_mm=1.2), "models.out_of_range_pixel_mm"),
        (study(kernel="B80f"), "models.out_of_range_kernel"),
        (study(hu=-300), "models.out_of_range_hu"),
    ],
)
def test_what_lies_outside_is_told_in_words(odd, key):
    [(found, values)] = inputs.departures(LEARNT, odd)
    assert found == key
    assert text(found, "en", **values) != text(found, "zh", **values)


def test_a_kernel_that_is_not_told_is_no_departure_and_neither_is_anything_without_a_range():
    assert inputs.departures(LEARNT, study(kernel="")) == []
    assert inputs.departures({}, study(slice_mm=70)) == []
    assert inputs.of_profiles([]) == {}


shares = st.lists(st.floats(0, 1), min_size=11, max_size=11).filter(lambda v: sum(v) > 0)


@given(shares, shares)
def test_distance_is_symmetric_and_between_nothing_and_one(one, other):
    first, second = (np.array(v) / sum(v) for v in (one, other))
    away = inputs.distance(first, second)
    assert 0 <= away <= 1
    assert away == inputs.distance(second, first)
    assert inputs.distance(first, first) == 0


def test_the_mean_of_the_training_is_never_out_of_range():
    mean = replace(study(), hu=tuple(LEARNT["hu"]))
    assert inputs.departures(LEARNT, mean) == []
