"""Marks as CSV rows: written and read back, and LUNA16's own files."""

import csv

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lungcore.errors import LungcoreError
from lungcore.findings.attributes import SCALES
from lungcore.formats import mark_tables

HEADING = "seriesuid,coordX,coordY,coordZ,diameter_mm\n"


def test_marks_are_read_as_they_were_written(tmp_path, sets):
    path = tmp_path / "marks.csv"
    mark_tables.write_marks(sets, path)
    found = mark_tables.read(path, "nobody")
    assert [labels.reader for labels in found] == [labels.reader for labels in sets]
    for labels, read in zip(sets, found, strict=True):
        for mark, drawn in zip(labels.nodules, read.marks, strict=True):
            assert (drawn.name, drawn.kind) == (mark.name, "nodule")
            assert drawn.center == pytest.approx(mark.center_mm, abs=5e-4)
            assert drawn.diameter_mm == pytest.approx(mark.diameter_mm, abs=5e-4)
            assert drawn.attributes == mark.attributes


def test_a_marks_file_has_the_agreed_columns(tmp_path, sets):
    path = tmp_path / "marks.csv"
    mark_tables.write_marks(sets, path)
    with path.open(encoding="utf-8") as file:
        heading, *rows = csv.reader(file)
    first = ["seriesuid", "reader", "nodule", "coordX", "coordY", "coordZ", "diameter_mm"]
    assert heading == [*first, *SCALES]
    assert len(heading) == 16
    assert len(rows) == 3


def test_annotations_are_lunas_and_read_as_one_readers(tmp_path, sets):
    path = tmp_path / "annotations.csv"
    mark_tables.write_annotations(sets[1:], path)
    assert path.read_text() == HEADING + "1.2.840.1,-21.500,24.000,-90.000,7.000\n"
    [labels] = mark_tables.read(path, "annotations")
    assert labels.reader == "annotations"


def test_lunas_files_are_read_whole(shared):
    found = mark_tables.read(shared / "luna16" / "annotations.csv", "annotations")
    marks = [mark for labels in found for mark in labels.marks]
    assert (len(found), len(marks)) == (601, 1186)
    assert {mark.kind for mark in marks} == {"nodule"}
    excluded = mark_tables.read(shared / "luna16" / "annotations_excluded.csv", "excluded")
    kinds = [(mark.kind, mark.diameter_mm) for labels in excluded for mark in labels.marks]
    assert len(kinds) == 35192
    assert all((kind == "nodule") == (diameter is not None) for kind, diameter in kinds)


def test_candidates_are_nodules_or_none_by_their_class(tmp_path):
    path = tmp_path / "candidates.csv"
    path.write_text("seriesuid,coordX,coordY,coordZ,class\n1.2,1,2,3,1\n1.2,4,5,6,0\n")
    [labels] = mark_tables.read(path, "candidates")
    assert [mark.kind for mark in labels.marks] == ["nodule", "non_nodule"]
    assert [mark.diameter_mm for mark in labels.marks] == [None, None]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("seriesuid,coordX,coordY\n", "coordZ"),
        ("seriesuid,coordX,coordY,coordZ\n", "diameter_mm"),
        (HEADING + "1.2,1,2,three,4\n", "line 2.*coordZ"),
        (HEADING + "1.2,1,2,nan,4\n", "line 2.*coordZ"),
        (HEADING + "1.2,1,2\n", "line 2.*coordZ"),
        (HEADING[:-1] + ",margin\n1.2,1,2,3,4,7\n", "line 2.*margin"),
        (HEADING[:-1] + ",margin\n1.2,1,2,3,4,2.5\n", "line 2.*margin"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, told):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(LungcoreError, match=told):
        mark_tables.read(path, "a")


def test_bytes_that_are_no_text_are_told(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(HEADING.encode() + b"\xff\xfe,1,2,3,4\n")
    with pytest.raises(LungcoreError, match="UTF-8"):
        mark_tables.read(path, "a")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_content_breaks_the_reader(tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_bytes(HEADING.encode() + content)
    try:
        mark_tables.read(path, "a")
    except LungcoreError as error:
        assert str(error)
