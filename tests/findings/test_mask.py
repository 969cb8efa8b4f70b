"""A mask comes back as it was sent, and what cannot be one is refused with its reason."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lungcore.errors import LungcoreError
from lungcore.findings.mask import LARGEST_VOXELS, Mask, decode, encode
from lungcore.language import LANGUAGES

SHAPE = (30, 40, 50)
BOX = arrays.arrays(bool, st.tuples(*(st.integers(1, 9),) * 3)).filter(lambda box: box.any())


@given(BOX, st.tuples(st.integers(0, 21), st.integers(0, 31), st.integers(0, 41)))
def test_a_mask_comes_back(voxels, origin):
    found = decode(encode(Mask(origin, voxels)), SHAPE)
    assert found.origin == origin
    np.testing.assert_array_equal(found.voxels, voxels)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_mask_or_refused(data):
    try:
        found = decode(data, SHAPE)
    except LungcoreError:
        return
    assert found.voxels.any()
    ends = np.add(found.origin, found.voxels.shape)
    assert (ends <= SHAPE).all()


def _header(*numbers: int) -> bytes:
    return np.array(numbers, "<u4").tobytes()


@pytest.mark.parametrize(
    ("data", "shape", "key"),
    [
        (b"", SHAPE, "findings.mask_length"),
        (_header(0, 0, 0, 2, 2, 2), SHAPE, "findings.mask_length"),
        (_header(0, 0, 0, 2, 2, 2) + b"\xff\xff", SHAPE, "findings.mask_length"),
        (_header(0, 0, 0, 0, 2, 2), SHAPE, "findings.mask_empty"),
        (_header(0, 0, 0, 2, 2, 2) + b"\x00", SHAPE, "findings.mask_empty"),
        (_header(29, 0, 0, 2, 2, 2) + b"\xff", SHAPE, "findings.mask_outside"),
        (_header(0, 0, 2**32 - 1, 1, 1, 2) + b"\xff", SHAPE, "findings.mask_outside"),
        (_header(0, 0, 0, 512, 512, 512), (600, 600, 600), "findings.mask_large"),
    ],
)
def test_what_cannot_be_a_mask_is_told(data, shape, key):
    with pytest.raises(LungcoreError) as refused:
        decode(data, shape)
    assert refused.value.key == key
    assert all(refused.value.text(language) for language in LANGUAGES)


def test_the_largest_is_larger_than_any_mass():
    assert LARGEST_VOXELS > (150 / 0.5) ** 3


def test_a_mask_is_bits_in_three_dimensions():
    with pytest.raises(ValueError, match="bool of 3"):
        Mask((0, 0, 0), np.zeros((2, 2), bool))
