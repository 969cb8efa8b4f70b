"""Masks as images."""

import numpy as np
import pytest
import SimpleITK

from lungcore.errors import LungcoreError
from lungcore.findings.placing import place
from lungcore.findings.voxels import ball, on_grid
from lungcore.formats import images, label_images

UID = "1.2.840.1"


def test_nodules_come_back_voxel_by_voxel(tmp_path, sets, grid):
    path = tmp_path / f"{UID}-ann.nii.gz"
    ann = sets[0]
    images.write(label_images.label_map(ann.nodules, grid), grid.affine, path)
    drawn = label_images.read(path, path.name)
    assert (drawn.series_uid, drawn.reader) == (UID, "ann")
    back = place(drawn, grid)
    assert back.outside == ()
    for mark, read in zip(ann.nodules, back.labels.marks, strict=True):
        np.testing.assert_array_equal(on_grid(read.mask, grid), on_grid(mark.mask, grid))


def test_a_nodule_without_a_mask_is_a_ball(sets, grid):
    [mark] = sets[1].nodules
    found = label_images.label_map([mark], grid)
    np.testing.assert_array_equal(
        found == 1, on_grid(ball(mark.center_mm, mark.diameter_mm, grid), grid)
    )


def write(path, values):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values), str(path))


def test_a_mask_of_ones_falls_into_its_parts(tmp_path):
    values = np.zeros((5, 6, 7), np.uint8)
    values[0, 0, 0] = values[1, 1, 1] = values[4, 5, 5] = 1
    path = tmp_path / "a.nii.gz"
    write(path, values)
    drawn = label_images.read(path, path.name, "1.2.3")
    assert (drawn.series_uid, drawn.reader) == ("1.2.3", "a")
    assert sorted(mark.shape.voxels.sum() for mark in drawn.marks) == [1, 2]


def test_an_empty_mask_says_that_nothing_was_found(tmp_path):
    path = tmp_path / "a.nii"
    write(path, np.zeros((2, 3, 4), np.uint8))
    assert label_images.read(path, path.name, "1.2.3").marks == ()


def test_a_mask_that_names_no_series_says_how_to(tmp_path):
    path = tmp_path / "mask.nii"
    write(path, np.ones((2, 2, 2), np.uint8))
    with pytest.raises(LungcoreError, match="--series"):
        label_images.read(path, path.name)


def test_a_ct_is_no_mask(tmp_path):
    path = tmp_path / "1.2.nii"
    write(path, np.linspace(-1000, 900, 64, dtype=np.int16).reshape(4, 4, 4))
    with pytest.raises(LungcoreError, match="-1000"):
        label_images.read(path, path.name)


def test_noise_is_no_mask(tmp_path):
    path = tmp_path / "1.2.nii"
    values = np.zeros((40, 40, 40), np.uint8)
    values[::2, ::2, ::2] = 1
    write(path, values)
    with pytest.raises(LungcoreError, match="8000 parts"):
        label_images.read(path, path.name)


def test_an_image_that_is_two_files_is_refused(tmp_path):
    path = tmp_path / "1.2.mhd"
    write(path, np.ones((2, 2, 2), np.uint8))
    with pytest.raises(LungcoreError, match="another file"):
        label_images.read(path, path.name)
