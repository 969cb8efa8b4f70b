"""Masks are kept once, by their content, and what an event says of a shape is measured here."""

import numpy as np
import pytest

from lungcore.errors import LungcoreError
from lungcore.findings.mask import Mask, encode
from lungcore.records.masks import MaskStore

AFFINE = (0.0, 0.0, 0.7, -100.0, 0.0, 0.8, 0.0, -90.0, 1.25, 0.0, 0.0, -300.0, 0.0, 0.0, 0.0, 1.0)
SPHERE = {"finding_uid": "1.2", "center_mm": [0, 0, 0], "diameter_mm": 6}


@pytest.fixture
def series(new_series):
    return new_series(slices=40, rows=50, columns=60, affine=AFFINE)


@pytest.fixture
def store(tmp_path):
    return MaskStore(tmp_path)


@pytest.fixture
def mask():
    voxels = np.zeros((3, 12, 14), bool)
    voxels[1, 2:10, 3:13] = True
    voxels[2, 4, 4:6] = True
    return Mask((7, 8, 9), voxels)


def test_a_mask_comes_back_and_is_kept_once(store, series, mask, tmp_path):
    name = store.add(series, encode(mask))
    assert store.add(series, encode(mask)) == name
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    found = store.read(series, name)
    assert found.origin == mask.origin
    np.testing.assert_array_equal(found.voxels, mask.voxels)


def test_padding_bits_make_no_other_mask(store, series, mask):
    data = encode(Mask(mask.origin, mask.voxels[:, :11, :13]))
    assert store.add(series, data[:-1] + bytes([data[-1] | 1])) == store.add(series, data)


def test_a_mask_of_another_series_is_unknown(store, series, new_series, mask):
    name = store.add(series, encode(mask))
    for uid, asked in (("1.2.9", name), ("1.2.3", "0" * 64), ("../x", name), ("1.2.3", "..")):
        with pytest.raises(LungcoreError) as unknown:
            store.read(new_series(uid, affine=AFFINE), asked)
        assert unknown.value.key == "records.mask_unknown"


def test_what_lies_outside_the_series_is_refused(store, series, mask, tmp_path):
    with pytest.raises(LungcoreError) as refused:
        store.add(series, encode(Mask((39, 0, 0), mask.voxels)))
    assert refused.value.key == "findings.mask_outside"
    assert not list(tmp_path.rglob("*"))


def test_a_shape_is_measured_and_gives_the_diameter(store, series, mask):
    name = store.add(series, encode(mask))
    found = store.measured(series, SPHERE | {"mask": name, "measured": {"long_mm": 99}})
    assert found["measured"]["volume_mm3"] == pytest.approx(82 * 1.25 * 0.7 * 0.8, abs=0.05)
    long_mm, short_mm = found["measured"]["long_mm"], found["measured"]["short_mm"]
    assert found["diameter_mm"] == pytest.approx((long_mm + short_mm) / 2, abs=0.051)
    assert 0 < short_mm <= long_mm < 99
    assert store.measured(series, SPHERE) == SPHERE
    oval = store.measured(series, SPHERE | {"axes_mm": [6, 8, 10]})
    assert (oval["diameter_mm"], oval["measured"]["long_mm"]) == (7.0, 8.0)


def test_calipers_by_hand_measure_the_axes_and_the_shape_its_volume(store, series):
    ends = [[0, 0, 0], [5, 0, 0], [1, -2, 0], [1, 2, 0]]
    found = store.measured(series, SPHERE | {"calipers_mm": ends})
    assert found["measured"] == {"long_mm": 5.0, "short_mm": 4.0, "volume_mm3": 113.1}
    assert found["diameter_mm"] == 4.5


def test_a_mask_that_is_not_kept_is_told(store, series):
    with pytest.raises(LungcoreError) as unknown:
        store.measured(series, SPHERE | {"mask": "0" * 64})
    assert unknown.value.key == "records.mask_unknown"
