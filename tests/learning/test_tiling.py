from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lungcore.learning import tiling
from lungcore.learning.targets import OUTPUT_STRIDE


def mean_of_cells(hu):
    """A stand-in network whose output at a cell depends on that cell alone."""
    cells = [side // OUTPUT_STRIDE for side in hu.shape]
    blocks = hu.reshape([n for count in cells for n in (count, OUTPUT_STRIDE)])
    return blocks.mean(axis=(1, 3, 5), dtype=np.float32)[..., None]


@settings(max_examples=20, deadline=None)
@given(
    shape=st.tuples(st.integers(1, 150), st.integers(1, 150), st.integers(1, 150)),
    most_voxels=st.integers(70_000, 400_000),
)
def test_tiles_fit_together(shape, most_voxels):
    hu = np.random.default_rng(0).integers(-1000, 400, shape, dtype=np.int16)
    padded = np.pad(
        hu, [(0, -side % tiling.MULTIPLE) for side in shape], constant_values=tiling.AIR_HU
    )
    np.testing.assert_array_equal(
        tiling.apply(mean_of_cells, hu, most_voxels), mean_of_cells(padded)
    )


@given(length=st.integers(1, 60), parts=st.integers(1, 6))
def test_spans_cover_each_voxel_once(length, parts):
    length = (length + 2 * parts) * tiling.MULTIPLE
    spans = tiling.plan(length, parts)
    assert spans[0].keep_from == 0
    assert spans[-1].keep_to == length
    for one, other in pairwise(spans):
        assert one.keep_to == other.keep_from
        assert one.stop - one.keep_to >= tiling.OVERLAP // 2 - OUTPUT_STRIDE
    for span in spans:
        assert 0 <= span.start <= span.keep_from < span.keep_to <= span.stop <= length


def test_tiles_stay_small():
    seen = []

    def watch(hu):
        seen.append(hu.size)
        return mean_of_cells(hu)

    tiling.apply(watch, np.zeros((300, 200, 200), np.int16), 2_000_000)
    assert max(seen) <= 2_000_000


def test_stopping_between_tiles():
    def stop(share):
        if share > 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tiling.apply(mean_of_cells, np.zeros((100, 100, 100), np.int16), 300_000, stop)
