from pathlib import Path

import gdcm
import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom import uid as uids
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from lungcore.dicom.header import Slice
from lungcore.dicom.pixels import PADDING_HU, read_hu
from lungcore.dicom.problems import FileError
from lungcore.dicom.read import read_header
from lungcore.dicom.write import write_series
from lungcore.imaging.volume import Volume

NATIVE = {
    "implicit": uids.ImplicitVRLittleEndian,
    "explicit": uids.ExplicitVRLittleEndian,
    "big endian": uids.ExplicitVRBigEndian,
    "deflated": uids.DeflatedExplicitVRLittleEndian,
}
LOSSLESS = {
    "RLE": uids.RLELossless,
    "JPEG-LS": uids.JPEGLSLossless,
    "JPEG 2000": uids.JPEG2000Lossless,
}
JPEG = {
    "lossless": gdcm.TransferSyntax.JPEGLosslessProcess14,
    "lossless SV1": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
    "extended": gdcm.TransferSyntax.JPEGExtendedProcess2_4,
    "baseline": gdcm.TransferSyntax.JPEGBaselineProcess1,
}


@pytest.fixture(scope="module")
def one(phantom):
    """The middle slice of the phantom as a volume."""
    return Volume(phantom.volume.hu[12:13], phantom.volume.affine)


def hu_of(path: Path) -> np.ndarray:
    header = read_header(path, path.name)
    return read_hu(Slice(header, header.frames[0]))


def change(path: Path, **values: object) -> Path:
    data = pydicom.dcmread(path)
    for name, value in values.items():
        setattr(data, name, value)
    data.save_as(path)
    return path


@pytest.fixture
def file(one, text, tmp_path):
    return write_series(one, tmp_path, text)[0]


@pytest.mark.parametrize("syntax", [*NATIVE.values(), *LOSSLESS.values()], ids=lambda s: s.name)
def test_lossless_syntaxes_give_the_same_hu(one, text, tmp_path, syntax):
    (path,) = write_series(one, tmp_path, text, transfer_syntax=syntax)
    assert pydicom.dcmread(path, stop_before_pixels=True).file_meta.TransferSyntaxUID == syntax
    assert np.array_equal(hu_of(path), one.hu[0])


@pytest.mark.parametrize("name", ["lossless", "lossless SV1"])
def test_lossless_jpeg_gives_the_same_hu(one, file, name):
    assert np.array_equal(hu_of(as_jpeg(file, JPEG[name])), one.hu[0])


def test_lossy_jpeg_of_12_bits_is_named_as_not_decodable(file):
    as_jpeg(file, JPEG["extended"])
    with pytest.raises(FileError, match="JPEG Extended"):
        read_header(file, file.name)


@pytest.mark.parametrize("name", ["baseline", "extended"])
def test_lossy_jpeg_of_8_bits_is_near(one, file, name):
    data = pydicom.dcmread(file)
    grey = np.clip((one.hu[0].astype(int) + 1024) // 8, 0, 255).astype(np.uint8)
    data.BitsAllocated = data.BitsStored = 8
    data.HighBit, data.RescaleSlope = 7, "8"
    data.add_new("PixelData", "OB", grey.tobytes())
    data.save_as(file)
    hu = hu_of(as_jpeg(file, JPEG[name]))
    assert np.abs(hu - (grey.astype(int) * 8 - 1024)).mean() < 16


def test_near_lossless_jpeg_ls_is_within_its_bound(one, file):
    data = pydicom.dcmread(file)
    data.compress(uids.JPEGLSNearLossless, jls_error=3, generate_instance_uid=False)
    data.save_as(file)
    off = np.abs(hu_of(file).astype(int) - one.hu[0])
    assert 0 < off.max() <= 3


def test_lossy_jpeg_2000_is_near(one, file):
    data = pydicom.dcmread(file)
    data.compress(uids.JPEG2000, j2k_cr=[4], generate_instance_uid=False)
    data.save_as(file)
    off = np.abs(hu_of(file).astype(int) - one.hu[0])
    assert 0 < off.mean() < 10


def as_jpeg(path: Path, syntax: int) -> Path:
    """The file coded anew by GDCM."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    changed = gdcm.ImageChangeTransferSyntax()
    changed.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    changed.SetInput(reader.GetImage())
    assert changed.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(changed.GetOutput())
    assert writer.Write()
    return path


@pytest.mark.parametrize("transfer_syntax", [uids.ExplicitVRLittleEndian, uids.JPEGLSLossless])
def test_signed_values_of_12_bits(one, text, tmp_path, transfer_syntax):
    (path,) = write_series(one, tmp_path, text)
    data = pydicom.dcmread(path)
    values = np.clip(one.hu[0], -2048, 2047)
    data.PixelRepresentation, data.RescaleIntercept = 1, "0"
    data.PixelData = values.tobytes()
    if transfer_syntax.is_encapsulated:
        data.compress(transfer_syntax, generate_instance_uid=False)
    data.save_as(path)
    assert np.array_equal(hu_of(path), values)


def test_bits_above_the_stored_ones_are_no_part_of_the_value(one, file):
    data = pydicom.dcmread(file)
    overlay = np.random.default_rng(0).integers(0, 16, one.hu[0].shape, np.uint16) << 12
    stored = np.frombuffer(data.PixelData, np.uint16).reshape(one.hu[0].shape)
    change(file, PixelData=(stored | overlay).tobytes())
    assert np.array_equal(hu_of(file), one.hu[0])


def test_values_may_lie_in_the_upper_bits(one, file):
    data = pydicom.dcmread(file)
    stored = np.frombuffer(data.PixelData, np.uint16) << 4
    change(file, PixelData=stored.tobytes(), HighBit=15)
    assert np.array_equal(hu_of(file), one.hu[0])


@pytest.mark.parametrize(("slope", "intercept"), [("1.0002441", "-1024"), ("0.5", "-1000.5")])
def test_a_fractional_rescale_is_rounded_to_the_nearest_hu(one, file, slope, intercept):
    change(file, RescaleSlope=slope, RescaleIntercept=intercept)
    stored = one.hu[0].astype(float) + 1024
    assert np.array_equal(hu_of(file), np.rint(stored * float(slope) + float(intercept)))


def test_hu_beyond_int16_are_held_at_its_ends(file):
    change(file, RescaleSlope="100", RescaleIntercept="-40000")
    assert hu_of(file).min() == -32768
    change(file, RescaleSlope="100", RescaleIntercept="0")
    assert hu_of(file).max() == 32767


def test_an_unsigned_value_of_16_bits_is_not_taken_for_a_negative_one(file):
    values = np.full((128, 128), 40000, np.uint16)
    change(file, BitsStored=16, HighBit=15, RescaleIntercept="-8192", PixelData=values.tobytes())
    assert (hu_of(file) == 31808).all()


@pytest.mark.parametrize("signed", [False, True])
def test_padding_becomes_air(one, file, signed):
    data = pydicom.dcmread(file)
    values = one.hu[0].astype(np.int16) + (0 if signed else 1024)
    values[:9] = -2000 if signed else 4095
    data.PixelRepresentation, data.RescaleIntercept = (1, "0") if signed else (0, "-1024")
    data.BitsStored, data.HighBit = 16, 15
    data.PixelData = values.tobytes()
    # Written as unsigned, as many scanners do: 63536 is -2000.
    data.add_new("PixelPaddingValue", "US", 63536 if signed else 4095)
    data.save_as(file)
    hu = hu_of(file)
    assert (hu[:9] == PADDING_HU).all()
    assert np.array_equal(hu[9:], one.hu[0][9:])


def test_a_range_of_padding_becomes_air(one, file):
    low, high = int(one.hu.min()) + 1024, 100
    data = pydicom.dcmread(file)
    data.add_new("PixelPaddingValue", "US", low)
    data.add_new("PixelPaddingRangeLimit", "US", high)
    data.save_as(file)
    expected = np.where(one.hu[0] <= high - 1024, PADDING_HU, one.hu[0])
    assert np.array_equal(hu_of(file), expected)


def test_monochrome1_changes_how_it_is_shown_and_not_the_hu(one, file):
    change(file, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(hu_of(file), one.hu[0])


@pytest.mark.parametrize("coded", [False, True])
def test_enhanced_multi_frame_ct(phantom, text, tmp_path, coded):
    hu = phantom.volume.hu[:3]
    (path, *_) = write_series(Volume(hu, phantom.volume.affine), tmp_path, text)
    data = pydicom.dcmread(path)
    order = [2, 0, 1]
    make_enhanced(data, phantom.volume, order)
    data.PixelData = (hu[order] + 1024).astype("<u2").tobytes()
    if coded:
        data.compress(uids.JPEGLSLossless, generate_instance_uid=False)
    data.save_as(path)
    header = read_header(path, path.name)
    assert [frame.index for frame in header.frames] == [0, 1, 2]
    for frame, number in zip(header.frames, order, strict=True):
        assert np.allclose(frame.position_mm, phantom.volume.to_mm((number, 0, 0)))
        assert (frame.slope, frame.intercept) == (1.0, -1024.0)
        assert np.array_equal(read_hu(Slice(header, frame)), hu[number])


def make_enhanced(data: Dataset, volume: Volume, order: list[int]) -> None:
    """Move what differs between frames into functional groups (PS3.3 A.38)."""
    data.SOPClassUID = data.file_meta.MediaStorageSOPClassUID = uids.EnhancedCTImageStorage
    data.NumberOfFrames = len(order)
    measures, orientation, rescale, shared = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = data.PixelSpacing, data.SliceThickness
    orientation.ImageOrientationPatient = data.ImageOrientationPatient
    rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = "1", "-1024", "HU"
    shared.PixelMeasuresSequence = Sequence([measures])
    shared.PlaneOrientationSequence = Sequence([orientation])
    shared.PixelValueTransformationSequence = Sequence([rescale])
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    groups = []
    for number in order:
        position, group = Dataset(), Dataset()
        position.ImagePositionPatient = [float(mm) for mm in volume.to_mm((number, 0, 0))]
        group.PlanePositionSequence = Sequence([position])
        groups.append(group)
    data.PerFrameFunctionalGroupsSequence = Sequence(groups)
    for name in ("PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"):
        del data[name]
    for name in ("RescaleSlope", "RescaleIntercept", "RescaleType", "SliceThickness"):
        del data[name]


def test_real_pixels_are_those_of_pydicom_and_simpleitk_bit_for_bit(shared):
    folder = shared / "lidc_scans/LIDC-IDRI-0001/dicom"
    for path in sorted(folder.iterdir())[::12]:
        data = pydicom.dcmread(path)
        stored = data.pixel_array
        expected = stored.astype(int) * int(data.RescaleSlope) + int(data.RescaleIntercept)
        inside = stored != int(data.PixelPaddingValue) - 65536
        by_itk = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))[0]
        hu = hu_of(path)
        assert np.array_equal(hu[inside], expected[inside])
        assert np.array_equal(hu[inside], by_itk[inside])
        assert (hu[~inside] == PADDING_HU).all()


@pytest.mark.parametrize("syntax", [*LOSSLESS.values()], ids=lambda s: s.name)
def test_damaged_code_streams_are_named(one, text, tmp_path, syntax):
    (path,) = write_series(one, tmp_path, text, transfer_syntax=syntax)
    header = read_header(path, "slice 7")
    data = bytearray(path.read_bytes())
    start = header.pixels.offset + 16
    data[start : start + 400] = bytes(400)
    path.write_bytes(data)
    with pytest.raises(FileError, match="slice 7"):
        read_hu(Slice(header, header.frames[0]))


def test_a_code_stream_of_another_size_is_refused_before_it_is_decoded(one, text, tmp_path):
    (path,) = write_series(one, tmp_path, text, transfer_syntax=uids.JPEG2000Lossless)
    change(path, Rows=64)
    header = read_header(path, "slice 7")
    with pytest.raises(FileError, match="slice 7"):
        read_hu(Slice(header, header.frames[0]))
