"""NIfTI and MetaImage against files written byte by byte and affines worked out by hand."""

import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lungcore.errors import LungcoreError
from lungcore.formats import images
from lungcore.imaging.volume import Volume

HU = np.arange(2 * 3 * 4, dtype="<i2").reshape(2, 3, 4) * 50 - 1000


def write_nifti(path: Path, values: np.ndarray, ras: np.ndarray, code: int) -> None:
    """A NIfTI-1 file; `values` [slice, row, column], `ras` takes (column, row, slice) to RAS."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *values.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, code, values.dtype.itemsize * 8)
    spacing = np.linalg.norm(ras[:3, :3], axis=0)
    struct.pack_into("<8f", header, 76, 1, *spacing, 1, 1, 1, 1)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[123] = 2  # millimetres
    struct.pack_into("<2h", header, 252, 0, 1)
    struct.pack_into("<12f", header, 280, *ras[:3].ravel())
    header[344:348] = b"n+1\0"
    path.write_bytes(bytes(header) + values.tobytes())


def rotation(a: float, b: float, c: float) -> np.ndarray:
    """Three turns about z, y, x."""
    z = [[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]]
    y = [[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]]
    x = [[1, 0, 0], [0, np.cos(c), -np.sin(c)], [0, np.sin(c), np.cos(c)]]
    return np.array(z) @ y @ x


angles = st.floats(-3, 3)
spacings = st.tuples(*[st.floats(0.3, 8)] * 3)
origins = st.tuples(*[st.floats(-500, 500)] * 3)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(angles, angles, angles, spacings, origins)
def test_a_nifti_voxel_lies_where_its_ras_affine_says(tmp_path, a, b, c, spacing, origin):
    ras = np.eye(4)
    ras[:3, :3] = rotation(a, b, c) * spacing
    ras[:3, 3] = origin
    write_nifti(tmp_path / "case.nii", HU, ras, code=4)

    volume = images.read(tmp_path / "case.nii")

    assert np.array_equal(volume.hu, HU)
    for index in ((0, 0, 0), (1, 2, 3), (1, 0, 2)):
        right, anterior, superior = (ras @ [*index[::-1], 1])[:3]
        expected = [-right, -anterior, superior]
        assert np.allclose(volume.to_mm(index), expected, atol=1e-2)
    assert np.allclose(volume.spacing_mm, spacing[::-1], rtol=1e-4)


def test_a_metaimage_voxel_lies_where_its_header_says(tmp_path):
    # The rows of TransformMatrix are the directions of the first, second and third axis.
    axes = rotation(0.3, -0.2, 0.1).T
    (tmp_path / "case.raw").write_bytes(HU.tobytes())
    (tmp_path / "case.mhd").write_text(
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"TransformMatrix = {' '.join(map(str, axes.ravel()))}\n"
        "Offset = -120.5 33 -700.25\nElementSpacing = 0.7 0.8 2.5\nDimSize = 4 3 2\n"
        "ElementType = MET_SHORT\nElementDataFile = case.raw\n"
    )

    volume = images.read(tmp_path / "case.mhd")

    expected = [-120.5, 33, -700.25] + 3 * 0.7 * axes[0] + 2 * 0.8 * axes[1] + 1 * 2.5 * axes[2]
    assert np.allclose(volume.to_mm((1, 2, 3)), expected, atol=1e-6)
    assert np.array_equal(volume.hu, HU)


def test_fractions_of_a_unit_are_rounded(tmp_path):
    values = np.array([[[-1000.4, -0.6], [0.6, 3070.9]]], dtype="<f4")
    write_nifti(tmp_path / "case.nii", values, np.eye(4), code=16)
    assert images.read(tmp_path / "case.nii").hu.ravel().tolist() == [-1000, -1, 1, 3071]


@pytest.mark.parametrize("wrong", [np.nan, 40000.0, -np.inf])
def test_values_that_are_no_hounsfield_units_are_refused(tmp_path, wrong):
    (tmp_path / "case.mha").write_bytes(
        b"ObjectType = Image\nNDims = 3\nBinaryData = True\nElementSpacing = 1 1 1\n"
        b"DimSize = 2 1 1\nElementType = MET_FLOAT\nElementDataFile = LOCAL\n"
        + struct.pack("<2f", 0, wrong)
    )
    with pytest.raises(LungcoreError, match="Hounsfield"):
        images.read(tmp_path / "case.mha")


def test_a_file_that_is_cut_short_is_named(tmp_path):
    path = tmp_path / "case.nii"
    write_nifti(path, HU, np.eye(4), code=4)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(LungcoreError, match=r"case\.nii"):
        images.read(path)


def test_a_flat_image_is_refused(tmp_path):
    (tmp_path / "flat.mha").write_bytes(
        b"ObjectType = Image\nNDims = 2\nBinaryData = True\nElementSpacing = 1 1\nDimSize = 2 2\n"
        b"ElementType = MET_SHORT\nElementDataFile = LOCAL\n" + bytes(8)
    )
    with pytest.raises(LungcoreError, match="2 x 2"):
        images.read(tmp_path / "flat.mha")


@pytest.mark.parametrize(
    ("name", "stem"),
    [("a.b.nii.gz", "a.b"), ("1.3.6.mhd", "1.3.6"), ("CASE.NII", "CASE"), ("x.mha", "x")],
)
def test_a_series_is_named_by_the_stem(name, stem):
    assert images.is_image(Path(name))
    assert images.stem(Path(name)) == stem


@pytest.mark.parametrize("name", ["mask.nii.gz", "mask.mha"])
def test_a_mask_lies_where_its_volume_does(tmp_path, name):
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    affine = np.eye(4)
    affine[:3, :3] = turn * (2.5, 0.7, 0.8)
    affine[:3, 3] = (-100, 30, 50)
    volume = Volume(np.zeros((4, 5, 6), np.int16), affine)
    mask = np.zeros(volume.shape, bool)
    mask[1, 2, 3] = True
    images.write_mask(mask, volume, tmp_path / name)
    image = SimpleITK.ReadImage(str(tmp_path / name))
    place = image.TransformIndexToPhysicalPoint((3, 2, 1))
    np.testing.assert_allclose(place, volume.to_mm((1, 2, 3)), atol=1e-4)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), mask)


def test_a_mask_that_cannot_be_written_is_told(tmp_path):
    volume = Volume(np.zeros((4, 5, 6), np.int16), np.eye(4))
    with pytest.raises(LungcoreError, match="absent"):
        images.write_mask(np.zeros(volume.shape, bool), volume, tmp_path / "absent" / "mask.nii.gz")
