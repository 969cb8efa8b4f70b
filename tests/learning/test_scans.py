import csv
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK

from lungcore.errors import LungcoreError
from lungcore.learning import examples, scans
from lungcore.learning.mining import false_positives
from lungcore.learning.patches import draw_patch, prepare
from lungcore.learning.targets import CENTRE_OF_CELL, OUTPUT_STRIDE
from lungcore.learning.tasks import LUNGS

SPACING_MM = (2.0, 1.5, 1.5)
ORIGIN_MM = (-10.0, 5.0, 100.0)
SHAPE = (40, 60, 70)
BALLS = (((15, 20, 25), 9.0), ((28, 42, 45), 6.0))  # index and radius in mm
TASK = replace(
    LUNGS,
    name="made",
    attributes={"texture": 5},
    region="body",
    spacing_mm=2.0,
    data="scans",
    folds=2,
    members=2,
    patches=((1, 32), (1, 32)),
)


@pytest.fixture
def data(tmp_path):
    """A block of tissue with two dense balls in fold 0, one without any in fold 1."""
    grid = np.moveaxis(np.indices(SHAPE), 0, -1)
    hu = np.full(SHAPE, 0, np.int16)
    numbers = np.zeros(SHAPE, np.uint8)
    for number, (index, radius_mm) in enumerate(BALLS, start=1):
        ball = np.linalg.norm((grid - index) * SPACING_MM, axis=-1) <= radius_mm
        hu[ball], numbers[ball] = 300, number
    for name, voxels, folder in (
        ("a", hu, "images"),
        ("a", numbers, "masks"),
        ("b", np.zeros(SHAPE, np.int16), "images"),
        ("b", np.zeros(SHAPE, np.uint8), "masks"),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        image = SimpleITK.GetImageFromArray(voxels)
        image.SetSpacing(SPACING_MM[::-1])
        image.SetOrigin(ORIGIN_MM)
        SimpleITK.WriteImage(image, str(tmp_path / folder / f"{name}.nii.gz"))
    rows = [["a", 1, "p", 0, 2, 5], ["a", 2, "p", 0, 5, 1], ["b", 0, "q", 1, "", ""]]
    with (tmp_path / scans.INDEX).open("w", newline="") as file:
        columns = ["image", "lesion", "patient_id", "fold", "malignancy", "texture"]
        csv.writer(file).writerows([columns, *rows])
    return tmp_path


def place_mm(index):
    return np.add(np.multiply(index, SPACING_MM)[::-1], ORIGIN_MM)


def test_lesions_lie_on_the_detectors_grid_where_the_masks_have_them(data):
    (background,) = scans.backgrounds(data, TASK, {0})
    assert background.volume.spacing_mm == pytest.approx((2, 2, 2), rel=0.02)
    for lesion, (index, radius_mm) in zip(background.lesions, BALLS, strict=True):
        found_mm = background.volume.to_mm(lesion.centre)
        np.testing.assert_allclose(found_mm, place_mm(index), atol=0.05)
        assert lesion.diameter_mm == pytest.approx(2 * radius_mm, rel=0.05)
    (empty,) = scans.backgrounds(data, TASK, {1})
    assert empty.lesions == ()


def test_ratings_become_targets(data):
    first, second = scans.read_rated(data, TASK)
    label, mean, *above, texture = first.targets
    assert (label, mean, *above, texture) == (1, 0.25, 1, 0, 0, 0, 1)
    assert second.targets.tolist() == [1, 1, 1, 1, 1, 1, 0]
    assert (first.fold, first.patient_id, first.vote) == (0, "p", 2)
    for one, (index, _) in zip((first, second), BALLS, strict=True):
        np.testing.assert_allclose(one.volume.to_mm(one.index), place_mm(index), atol=0.05)
        assert (one.volume.hu[one.mask] == 300).all()


def test_series_are_named_by_fold(data):
    assert scans.names(data, {0, 1}) == ["a", "b"]
    assert scans.names(data, {1}) == ["b"]


def test_patches_say_where_the_own_lesions_are(data):
    sources = prepare(TASK, [], scans.backgrounds(data, TASK, {0}))
    seen = 0
    for seed in range(8):
        image, truth = draw_patch(sources, [], 32, np.random.default_rng(seed))
        for cell in np.argwhere(truth[..., 0] == 1):
            voxel = (cell + truth[(*cell, slice(1, 4))]) * OUTPUT_STRIDE + CENTRE_OF_CELL
            low = np.clip(np.rint(voxel).astype(int) - 1, 0, 29)
            around = image[tuple(slice(at, at + 3) for at in low)]
            assert around.mean() > image.mean() + 0.1
            seen += 1
    assert seen > 4


def test_lesions_are_no_false_positives(data):
    (background,) = scans.backgrounds(data, TASK, {0})

    def predict(hu):
        output = np.full((*(side // OUTPUT_STRIDE for side in hu.shape), 5), -9.0, np.float32)
        for lesion in background.lesions:
            cell = tuple(int(at) // OUTPUT_STRIDE for at in lesion.centre)
            output[(*cell, 0)] = 3
        output[1, 1, 1, 0] = 2
        output[..., 1:] = 0
        return output

    (peak,) = false_positives(predict, background, TASK.spacing_mm)
    assert peak.position == (5.5, 5.5, 5.5)


def test_series_too_small_for_a_patch_are_told(data):
    large = replace(TASK, patches=((1, 32), (1, 96)))
    with pytest.raises(LungcoreError, match="96"):
        examples.for_detector(data, large)


def test_a_mask_of_another_grid_is_told(data):
    image = SimpleITK.GetImageFromArray(np.zeros((3, 3, 3), np.uint8))
    SimpleITK.WriteImage(image, str(data / "masks" / "a.nii.gz"))
    with pytest.raises(LungcoreError, match=r"a\.nii\.gz"):
        scans.read_rated(data, TASK)


def test_a_lesion_without_voxels_is_told(data):
    with (data / scans.INDEX).open("a") as file:
        file.write("a,7,p,0,3,3\n")
    with pytest.raises(LungcoreError, match="lesion 7"):
        scans.cases(data, TASK)
