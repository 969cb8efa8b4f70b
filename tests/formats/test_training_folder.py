"""The folder that nnDetection and MONAI train on."""

import json

import numpy as np
import pytest

from lungcore.findings.labels import LabelSet
from lungcore.findings.voxels import on_grid
from lungcore.formats import images, training_folder
from lungcore.formats.training_folder import FOLDS, Case
from lungcore.imaging.volume import Volume
from lungcore.learning import scans
from lungcore.learning.data import read_image, read_rows
from lungcore.learning.tasks import LUNGS


@pytest.fixture
def volume(grid):
    rng = np.random.default_rng(0)
    return Volume(rng.integers(-1000, 500, grid.shape, np.int16), grid.affine)


@pytest.fixture
def folder(tmp_path, sets, volume):
    out = tmp_path / "Task100_Nodules"
    training_folder.write([Case(sets[0], volume), Case(sets[1], volume)], out)
    return out


def test_every_file_of_the_lists_is_there_and_says_what_was_given(folder, sets, volume, grid):
    content = json.loads((folder / "dataset.json").read_text())
    assert (content["task"], content["dim"]) == ("Task100_Nodules", 3)
    assert len(content["training"]) == len(content["detection"]) == 2
    image = images.read(folder / content["training"][0]["image"])
    np.testing.assert_array_equal(image.hu, volume.hu)
    np.testing.assert_allclose(image.affine, volume.affine, atol=1e-5)
    label = images.read(folder / content["training"][0]["label"])
    for number, mark in enumerate(sets[0].nodules, start=1):
        np.testing.assert_array_equal(label.hu == number, on_grid(mark.mask, grid))


def test_nndetection_finds_its_names(folder):
    """Cases without points in their names, a class for each number, numbers without gaps."""
    content = json.loads((folder / "dataset.json").read_text())
    assert content["labels"] == {"0": "nodule"}
    for name in content["cases"]:
        assert "." not in name
        raw = folder / "raw_splitted_data"
        assert (raw / "imagesTr" / f"{name}_0000.nii.gz").is_file()
        instances = json.loads((raw / "labelsTr" / f"{name}.json").read_text())["instances"]
        numbers = np.unique(images.read(raw / "labelsTr" / f"{name}.nii.gz").hu)
        assert list(instances) == [str(number) for number in numbers[numbers > 0]]
        assert list(numbers) == list(range(len(numbers)))


def test_boxes_hold_their_nodules_to_the_edge(folder, volume, sets, grid):
    content = json.loads((folder / "dataset.json").read_text())
    boxes = content["detection"][0]["box"]
    assert content["detection"][0]["label"] == [0, 0]
    for box, mark in zip(boxes, sets[0].nodules, strict=True):
        center, size = np.array(box[:3]), np.array(box[3:])
        index = np.argwhere(on_grid(mark.mask, grid))
        mm = volume.to_mm(index)
        assert (mm > center - size / 2).all()
        assert (mm < center + size / 2).all()
        assert (size - (mm.max(axis=0) - mm.min(axis=0)) < 3.7).all()


def test_a_nodule_that_another_covers_leaves_no_gap(tmp_path, sets, volume):
    one, two = sets[0].nodules
    covered = type(sets[0])(series_uid="1.2", reader="r", marks=(one, one, two))
    training_folder.write([Case(covered, volume)], tmp_path / "t")
    label = images.read(tmp_path / "t/raw_splitted_data/labelsTr/case0000.nii.gz")
    assert np.unique(label.hu).tolist() == [0, 1, 2]


def test_splits_go_where_each_program_looks_for_them(tmp_path, sets, volume):
    empty = LabelSet(series_uid="1.9", reader="r", marks=())
    cases = [
        Case(sets[0], volume, "train", "P1"),
        Case(empty, volume, "validation", "P2"),
        Case(sets[1], volume, "test", "P3"),
    ]
    out = tmp_path / "t"
    training_folder.write(cases, out)
    content = json.loads((out / "dataset.json").read_text())
    assert content["test_labels"]
    for key, boxes, part, nodules in (
        ("training", "detection", "Tr", len(sets[0].nodules)),
        ("validation", "detection_validation", "Tr", 0),
        ("test", "detection_test", "Ts", len(sets[1].nodules)),
    ):
        [one], [other] = content[key], content[boxes]
        assert f"/images{part}/" in one["image"]
        assert (out / one["image"]).is_file()
        assert (out / one["label"]).is_file()
        assert len(other["box"]) == nodules
    rows = read_rows(out / "lesions.csv")
    train, test = sets[0].series_uid, sets[1].series_uid
    assert {row["image"] for row in rows} == {train, "1.9"}, "no test case"
    assert test in content["cases"].values()
    [negative] = [row for row in rows if row["image"] == "1.9"]
    assert (negative["lesion"], negative["fold"]) == ("0", str(FOLDS - 1))
    assert all(int(row["fold"]) < FOLDS - 1 for row in rows if row["image"] == train)


def test_our_own_training_reads_the_folder(tmp_path, sets, volume, grid):
    """The layout of learning.scans: numbers of masks are lesions, ratings are the readers'."""
    out = tmp_path / "t"
    training_folder.write([Case(sets[0], volume, "train", "P1", "B30f")], out)
    assert LUNGS.folds == FOLDS
    uid = sets[0].series_uid
    rows = read_rows(out / "lesions.csv")
    assert scans.names(out, range(FOLDS - 1)) == [uid]
    mask = read_image(out / "masks" / f"{uid}.nii.gz").hu
    for row, mark in zip(rows, sets[0].nodules, strict=True):
        np.testing.assert_array_equal(mask == int(row["lesion"]), on_grid(mark.mask, grid))
        for name in ("malignancy", *LUNGS.attributes):
            assert row[name] == str(mark.attributes.get(name, ""))
        assert row["kernel"] == "B30f"


def test_folds_are_those_of_the_task(tmp_path, sets, volume):
    cases = [Case(sets[0], volume, "train", "P1"), Case(sets[1], volume, "validation", "P2")]
    training_folder.write(cases, tmp_path / "t", folds=2)
    folds = {row["patient_id"]: row["fold"] for row in read_rows(tmp_path / "t" / "lesions.csv")}
    assert folds == {"P1": "0", "P2": "1"}
