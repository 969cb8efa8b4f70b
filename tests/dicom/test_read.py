import shutil
import zlib

import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import uid as uids
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate

from lungcore.dicom.problems import FileError
from lungcore.dicom.read import read_description, read_header
from lungcore.dicom.recognise import recognise
from lungcore.dicom.write import write_series


@pytest.fixture
def file(series, tmp_path):
    return shutil.copy(series / "0001.dcm", tmp_path / "image")


def change(path, **values):
    data = pydicom.dcmread(path)
    for name, value in values.items():
        setattr(data, name, value)
    data.save_as(path)


def without_preamble(path, syntax=uids.ImplicitVRLittleEndian):
    """The data set alone, as files from before PS3.10 are."""
    data = pydicom.dcmread(path)
    data.file_meta = FileMetaDataset()
    pydicom.dcmwrite(
        path,
        data,
        implicit_vr=syntax == uids.ImplicitVRLittleEndian,
        little_endian=syntax != uids.ExplicitVRBigEndian,
        enforce_file_format=False,
    )
    content = path.read_bytes()
    path.write_bytes(content[132:] if content[128:132] == b"DICM" else content)


def test_what_the_header_says(file, phantom):
    header = read_header(file, "a name")
    (frame,) = header.frames
    assert (header.modality, header.file_name) == ("CT", "a name")
    assert (header.pixels.rows, header.pixels.columns) == phantom.volume.shape[1:]
    assert frame.position_mm == pytest.approx(tuple(phantom.volume.to_mm((0, 0, 0))))
    assert frame.pixel_spacing_mm == pytest.approx((2.8125, 2.8125))
    assert (frame.slope, frame.intercept, frame.rescale_type) == (1, -1024, "HU")


def test_what_the_description_says(file):
    change(file, PatientName="王^小明", PatientBirthDate="19500203", SeriesNumber=4)
    description = read_description(file, "a name")
    assert description.patient_name == "王^小明"
    assert description.patient_birth_date == "1950-02-03"
    assert (description.study_date, description.study_time) == ("2026-01-02", "10:11:12")
    assert description.series_number == 4
    assert description.phantom


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_odd_values_are_read_as_they_are_meant(file):
    change(file, PatientBirthDate="", StudyDate="2001.12.31")
    description = read_description(file, "a name")
    assert description.patient_birth_date == ""
    assert description.study_date == "2001-12-31"


@pytest.mark.parametrize("name", ["slice.txt", "IM0001", "image.zip"])
def test_files_are_known_by_content_and_not_by_name(file, tmp_path, name):
    assert recognise(file.rename(tmp_path / name)) == "dicom"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 more", "zip"),
        (b"PK\x05\x06" + bytes(18), "zip"),
        (b"<xml>" * 100, "other"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "other"),
        (bytes(500), "other"),
        (b"\x08\x00", "other"),
    ],
)
def test_other_files_are_known_too(tmp_path, content, kind):
    path = tmp_path / "scan.dcm"
    path.write_bytes(content)
    assert recognise(path) == kind


@pytest.mark.parametrize(
    "syntax",
    [uids.ImplicitVRLittleEndian, uids.ExplicitVRLittleEndian, uids.ExplicitVRBigEndian],
    ids=lambda syntax: syntax.name,
)
def test_files_without_preamble_are_read(file, syntax):
    expected = read_header(file, "a")
    without_preamble(file, syntax)
    assert recognise(file) == "dicom"
    header = read_header(file, "a")
    assert header.pixels.transfer_syntax_uid == syntax
    assert header.frames == expected.frames


def test_a_dicomdir_is_passed_over(tmp_path):
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = uids.MediaStorageDirectoryStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    meta.TransferSyntaxUID = uids.ExplicitVRLittleEndian
    data = Dataset()
    data.file_meta, data.FileSetID = meta, "CD"
    data.save_as(tmp_path / "DICOMDIR", enforce_file_format=True)
    assert read_header(tmp_path / "DICOMDIR", "DICOMDIR") is None


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"Rows": 130}, "dicom.size_differs"),
        ({"Columns": 64}, "dicom.size_differs"),
        ({"NumberOfFrames": "2"}, "dicom.size_differs"),
        ({"Rows": 60000, "Columns": 60000}, "dicom.absurd_size"),
        ({"NumberOfFrames": "2000000000"}, "dicom.absurd_size"),
        ({"NumberOfFrames": "-1"}, "dicom.absurd_size"),
        ({"Rows": None}, "dicom.no_image"),
        ({"SOPInstanceUID": ""}, "dicom.uid_missing"),
        ({"SeriesInstanceUID": "../../etc"}, "dicom.uid_missing"),
        ({"SeriesInstanceUID": ".."}, "dicom.uid_missing"),
        ({"BitsAllocated": 32}, "dicom.size_differs"),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_a_file_that_lies_is_named(file, values, key):
    change(file, **values)
    with pytest.raises(FileError, match=r"slice\.dcm") as told:
        read_header(file, "slice.dcm")
    assert told.value.key == key


@pytest.mark.parametrize(
    "syntax",
    [uids.ExplicitVRLittleEndian, uids.RLELossless, uids.DeflatedExplicitVRLittleEndian],
    ids=lambda syntax: syntax.name,
)
def test_a_file_that_is_cut_short_anywhere_is_named(phantom, text, tmp_path, syntax):
    path = write_series(phantom.volume, tmp_path, text, transfer_syntax=syntax)[0]
    content = path.read_bytes()
    for share in (0.05, 0.3, 0.6, 0.9, 0.99):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(FileError, match=r"slice\.dcm"):
            read_header(path, "slice.dcm")


def test_a_deflated_bomb_is_not_inflated(file):
    data = pydicom.dcmread(file)
    data.file_meta.TransferSyntaxUID = uids.DeflatedExplicitVRLittleEndian
    data.PixelData = b""
    data.save_as(file)
    content = file.read_bytes()
    start = 144 + int.from_bytes(content[140:144], "little")
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    block = bytes(1 << 20)
    bomb = b"".join(packer.compress(block) for _ in range(400)) + packer.flush()
    file.write_bytes(content[:start] + bomb)
    with pytest.raises(FileError) as told:
        read_header(file, "bomb")
    assert told.value.key == "dicom.too_large"


def test_an_unknown_transfer_syntax_is_named(file):
    data = pydicom.dcmread(file)
    data.file_meta.TransferSyntaxUID = uids.MPEG2MPML
    data.PixelData = encapsulate([bytes(100)])
    data["PixelData"].is_undefined_length = True
    data.save_as(file)
    with pytest.raises(FileError, match="MPEG2") as told:
        read_header(file, "a")
    assert told.value.key == "dicom.syntax_unsupported"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.integers(0, 2400), junk=st.binary(min_size=1, max_size=40))
@pytest.mark.filterwarnings("ignore")
def test_damaged_headers_are_read_or_named_and_nothing_else(series, tmp_path, start, junk):
    content = bytearray((series / "0001.dcm").read_bytes())
    content[start : start + len(junk)] = junk
    path = tmp_path / "damaged"
    path.write_bytes(content)
    try:
        header = read_header(path, "damaged")
    except FileError as error:
        assert error.values["file"] == "damaged"
    else:
        assert header is None or header.series_uid


def test_objects_without_an_image_are_named_by_their_kind(shared):
    (path,) = (shared / "unlabelled/4D-Lung_113_HM10395_rtstruct").iterdir()
    with pytest.raises(FileError, match="RTSTRUCT"):
        read_header(path, path.name)
