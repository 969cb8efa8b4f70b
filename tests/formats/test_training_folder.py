"""The folder that nnDetection and MONAI train on."""

import json

import numpy as np
import pytest

from lungcore.findings.voxels import on_grid
from lungcore.formats import images, training_folder
from lungcore.imaging.volume import Volume


@pytest.fixture
def volume(grid):
    rng = np.random.default_rng(0)
    return Volume(rng.integers(-1000, 500, grid.shape, np.int16), grid.affine)


@pytest.fixture
def folder(tmp_path, sets, volume):
    out = tmp_path / "Task100_Nodules"
    training_folder.write([(sets[0], volume), (sets[1], volume)], out)
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
    training_folder.write([(covered, volume)], tmp_path / "t")
    label = images.read(tmp_path / "t/raw_splitted_data/labelsTr/case0000.nii.gz")
    assert np.unique(label.hu).tolist() == [0, 1, 2]
