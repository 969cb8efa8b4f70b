import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungcore.findings.attributes import SCALES, words

PLAIN = {
    "subtlety": 5,
    "internal_structure": 1,
    "calcification": 6,
    "sphericity": 5,
    "margin": 5,
    "lobulation": 1,
    "spiculation": 1,
    "texture": 5,
    "malignancy": 3,
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ("solid",)),
        ({"texture": 1}, ("subsolid",)),
        ({"texture": 3, "spiculation": 4.5}, ("subsolid", "spiculated")),
        ({"calcification": 3}, ("solid", "calcified")),
        ({"lobulation": 4, "margin": 1.5}, ("solid", "lobulated")),
    ],
)
def test_what_is_notable_is_said(change, said):
    assert words(PLAIN | change) == said


@given(st.fixed_dictionaries({name: st.floats(1, top) for name, top in SCALES.items()}))
def test_there_is_always_one_texture(attributes):
    said = words(attributes)
    assert len({"solid", "subsolid"} & set(said)) == 1
    assert len(set(said)) == len(said)


def test_nothing_is_said_of_what_is_not_rated():
    assert words({"contrast": 3.0, "malignancy": 5.0}) == ()
    assert words({"texture": 5.0}) == ("solid",)
