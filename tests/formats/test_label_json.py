"""Our own file of labels."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lungcore.errors import LungcoreError
from lungcore.findings.placing import place
from lungcore.formats import label_json


def test_all_that_a_set_says_comes_back(tmp_path, sets, grid):
    path = tmp_path / "labels.json"
    label_json.write([(labels, grid) for labels in sets], path)
    for labels, drawn in zip(sets, label_json.read(path), strict=True):
        back = place(drawn, grid)
        assert back.outside == ()
        assert (back.labels.series_uid, back.labels.reader) == (labels.series_uid, labels.reader)
        for mark, read in zip(labels.marks, back.labels.marks, strict=True):
            assert (read.name, read.kind, read.attributes) == (
                mark.name,
                mark.kind,
                mark.attributes,
            )
            assert read.center_mm == pytest.approx(mark.center_mm)
            assert read.diameter_mm == pytest.approx(mark.diameter_mm)
            if mark.mask is None:
                assert read.mask is None
            else:
                np.testing.assert_array_equal(read.mask.voxels, mark.mask.voxels)
                assert read.mask.origin == mark.mask.origin


@given(arrays(bool, st.tuples(*[st.integers(1, 6)] * 3)))
def test_runs_hold_every_array(voxels):
    counts = label_json.runs(voxels)
    assert sum(counts) == voxels.size
    np.testing.assert_array_equal(label_json.from_runs(counts, voxels.shape), voxels)


def test_runs_begin_with_what_is_not_set():
    assert label_json.runs(np.array([[[True, True, False]]])) == [0, 2, 1]
    assert label_json.runs(np.array([[[False, True, True]]])) == [1, 2]


MASK = {"shape": [1, 1, 2], "affine": np.eye(4).tolist(), "runs": [1, 1]}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "cyst"},
        {"name": ""},
        {"name": 5},
        {"center_mm": [1, 2]},
        {"center_mm": [1, 2, float("nan")]},
        {"center_mm": [1, 2, 1e9]},
        {"diameter_mm": -1},
        {"diameter_mm": "wide"},
        {"attributes": {"malignancy": 6}},
        {"attributes": {"malignancy": 2.5}},
        {"attributes": {"beauty": 1}},
        {"attributes": []},
        {"mask": {**MASK, "runs": [1, 2]}},
        {"mask": {**MASK, "runs": [3, -1]}},
        {"mask": {**MASK, "runs": [1.0, 1.0]}},
        {"mask": {**MASK, "shape": [2**20, 2**20, 2]}},
        {"mask": {**MASK, "shape": [0, 1, 2]}},
        {"mask": {**MASK, "affine": np.zeros((4, 4)).tolist()}},
        {"mask": {**MASK, "affine": [1, 2]}},
        {"mask": "all of it"},
    ],
)
def test_what_cannot_be_is_told(tmp_path, change):
    mark = {
        "name": "1",
        "kind": "nodule",
        "center_mm": [0, 0, 0],
        "diameter_mm": 5,
        "attributes": {},
        "mask": None,
    }
    content = {"format": "lungcore.labels", "version": 1}
    content["sets"] = [{"series_uid": "1.2", "reader": "r", "marks": [mark | change]}]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    with pytest.raises(LungcoreError, match="no whole file of labels"):
        label_json.read(path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": "x", "version": 1, "sets": []}', "[" * 100_000]
)
def test_other_json_is_told(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(LungcoreError, match="no whole file of labels"):
        label_json.read(path)


def test_a_file_too_large_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    path.write_text("{" + " " * 100)
    monkeypatch.setattr(label_json, "LARGEST_BYTES", 50)
    with pytest.raises(LungcoreError, match="50 bytes"):
        label_json.read(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["name", "kind", "mask", "runs", "shape"]), inner)
    ),
    max_leaves=6,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_no_content_breaks_the_reader(tmp_path, mark):
    content = {"format": "lungcore.labels", "version": 1}
    content["sets"] = [{"series_uid": "1.2", "reader": "r", "marks": [mark]}]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    with pytest.raises(LungcoreError):
        label_json.read(path)
