import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungcore.errors import LungcoreError
from lungcore.formats import luna16

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.tuples(st.sampled_from(["1.2", "1.3"]), NUMBERS, NUMBERS, NUMBERS, NUMBERS)))
def test_a_submission_is_read_as_it_was_written(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("luna") / "submission.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("seriesuid", *luna16.PLACE, "probability"), *rows])
    found = luna16.read_submission(path)
    for uid in ("1.2", "1.3"):
        read = [(*mark.center_mm, mark.probability) for mark in found.get(uid, [])]
        assert read == [row[1:] for row in rows if row[0] == uid]


def test_columns_are_found_by_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("\ufeffdiameter_mm,coordZ,coordY,coordX,seriesuid\n-1,3,2,1,1.2\n", "utf-8")
    assert luna16.read_annotations(path) == {"1.2": [((1, 2, 3), luna16.UNSIZED_MM)]}


def test_a_missing_column_is_named(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("seriesuid,coordX,coordY,coordZ\n")
    with pytest.raises(LungcoreError, match="probability"):
        luna16.read_submission(path)


@pytest.mark.parametrize("value", ["", "high", "nan", "inf"])
def test_what_is_no_number_is_named_with_its_line(tmp_path, value):
    path = tmp_path / "a.csv"
    path.write_text(f"seriesuid,coordX,coordY,coordZ,probability\n1.2,1,2,3,{value}\n")
    with pytest.raises(LungcoreError, match=r"line 2.*probability"):
        luna16.read_submission(path)


def test_a_list_of_series_may_have_a_heading(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("seriesuid\n1.2\n\n1.3\n")
    assert luna16.read_series(path) == ["1.2", "1.3"]
