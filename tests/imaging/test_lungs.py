import numpy as np
import pytest
import SimpleITK

from lungcore.imaging.lungs import lung_mask, mask_volume_ml
from lungcore.imaging.volume import Volume


def axial(spacing_mm):
    """Affine of an axial series with this (slice, row, column) spacing."""
    affine = np.eye(4)[:, [2, 1, 0, 3]]
    affine[:, :3] *= spacing_mm
    return affine


def read(folder):
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    hu = SimpleITK.GetArrayFromImage(image).astype(np.int16)
    return Volume(hu, axial(image.GetSpacing()[::-1]))


def two_lungs(slices=12):
    hu = np.full((slices, 200, 300), -1000, np.int16)
    hu[:, 20:180, 20:280] = 40
    hu[:, 50:150, 50:130] = -850
    hu[:, 50:150, 170:250] = -850
    return hu


def test_dice_against_radiotherapy_contours(shared):
    case = np.load(shared / "lctsc_lung_masks" / "LCTSC-Test-S1-201.npz")
    found = lung_mask(Volume(case["hu"].astype(np.int16), axial((3.0, 0.977, 0.977))))
    truth = case["lung_mask"].astype(bool)
    dice = 2 * np.count_nonzero(found & truth) / (found.sum() + truth.sum())
    assert dice > 0.96


@pytest.mark.parametrize(
    ("folder", "least_ml", "most_ml"),
    [
        ("unlabelled/LungFCP-01-0006_no_lung", 0, 0),
        ("unlabelled/LungFCP-01-0001_upper", 1000, 2000),
        ("lidc_scans/LIDC-IDRI-0003_slab11/dicom", 500, 1000),
        ("lidc_scans/LIDC-IDRI-0001/dicom", 3500, 5000),
    ],
)
def test_volume_of_real_lungs(shared, folder, least_ml, most_ml):
    volume = read(shared / folder)
    assert least_ml <= mask_volume_ml(lung_mask(volume), volume) <= most_ml


def test_lungs_hold_their_nodules_and_no_outside_air():
    hu = two_lungs()
    hu[4:8, 90:110, 80:100] = 30
    mask = lung_mask(Volume(hu, axial((3.0, 1.0, 1.0))))
    assert mask[5, 100, 90]
    assert mask[5, 100, 210]
    assert not mask[:, :20].any()
    assert not mask[5, 100, 10]


def test_a_slice_does_not_turn_the_diaphragm_into_lung():
    hu = two_lungs()
    hu[:6, 75:125, 85:115] = 60  # below, it goes on beyond the last slice
    mask = lung_mask(Volume(hu, axial((3.0, 1.0, 1.0))))
    assert not mask[3, 100, 100]


@pytest.mark.parametrize("head_first", [True, False])
def test_the_windpipe_is_no_lung(head_first):
    hu = two_lungs(slices=40)
    hu[:12, 50:150] = 40  # the neck
    hu[:30, 90:110, 140:160] = -1000
    hu[28:30, 90:110, 125:175] = -1000  # main bronchi lead into both lungs
    affine = axial((3.0, 1.0, 1.0))
    affine[2, 0] *= -1
    if not head_first:
        hu, affine = hu[::-1].copy(), axial((3.0, 1.0, 1.0))
    mask = lung_mask(Volume(hu, affine))
    neck, chest = (5, 25) if head_first else (34, 14)
    assert not mask[neck].any()
    assert mask[chest, 100, 90]
    assert not mask[chest, 100, 150]


def test_bowel_gas_is_no_lung():
    hu = two_lungs()
    hu[hu == -850] = -1000
    assert not lung_mask(Volume(hu, axial((3.0, 1.0, 1.0)))).any()


def test_tiny_images_hold_no_lung():
    hu = np.full((3, 5, 5), -850, np.int16)
    assert not lung_mask(Volume(hu, axial((1.0, 1.0, 1.0)))).any()


def test_the_volume_of_a_mask_is_its_voxels():
    volume = Volume(np.zeros((4, 5, 6), np.int16), axial((2.0, 0.5, 0.25)))
    assert mask_volume_ml(np.ones(volume.shape, bool), volume) == pytest.approx(0.03)
