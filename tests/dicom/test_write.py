import numpy as np
import pydicom
import pytest
import SimpleITK

from lungcore.dicom.write import write_series
from lungcore.imaging.volume import Volume

# Types 1 and 2 of the modules that the CT Image IOD requires (PS3.3 A.3).
TYPE_1 = (
    *("StudyInstanceUID", "Modality", "SeriesInstanceUID", "FrameOfReferenceUID", "PixelSpacing"),
    *("ImageOrientationPatient", "ImagePositionPatient", "SamplesPerPixel", "Rows", "Columns"),
    *("PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "PixelData"),
    *("PixelRepresentation", "ImageType", "RescaleIntercept", "RescaleSlope", "SOPClassUID"),
    *("SOPInstanceUID", "PatientPosition"),
)
TYPE_2 = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime"),
    *("ReferringPhysicianName", "StudyID", "AccessionNumber", "SeriesNumber", "Manufacturer"),
    *("PositionReferenceIndicator", "InstanceNumber", "SliceThickness", "KVP"),
    "AcquisitionNumber",
)


def test_the_files_have_what_the_ct_image_iod_requires(series):
    for path in list(series.iterdir())[:2]:
        data = pydicom.dcmread(path)
        assert all(data.get(keyword) not in (None, "") for keyword in TYPE_1)
        assert all(keyword in data for keyword in TYPE_2)
        assert data.file_meta.MediaStorageSOPInstanceUID == data.SOPInstanceUID
        for keyword in ("PatientName", "PatientID", "SeriesDescription"):
            assert "PHANTOM" in str(data[keyword].value)
        assert data.QualityControlSubject == "YES"


def test_simpleitk_reads_the_same_volume(series, phantom):
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(series)))
    image = reader.Execute()
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), phantom.volume.hu)
    for index in ((0, 0, 0), (5, 40, 99), (23, 127, 127)):
        position = image.TransformIndexToPhysicalPoint(index[::-1])
        assert np.allclose(position, phantom.volume.to_mm(index), atol=1e-4)


def test_uids_come_from_the_seed(phantom, text, tmp_path):
    part = Volume(phantom.volume.hu[:2], phantom.volume.affine)
    written = [
        [pydicom.dcmread(path).SOPInstanceUID for path in write_series(part, tmp_path / name, text)]
        for name in ("one", "other")
    ]
    assert written[0] == written[1]
    assert len(set(written[0])) == 2


def test_hu_beyond_12_bits_are_a_callers_mistake(phantom, text, tmp_path):
    for value in (-1025, 3072):
        hu = np.full((1, 4, 4), value, np.int16)
        with pytest.raises(ValueError, match="hu"):
            write_series(Volume(hu, phantom.volume.affine), tmp_path, text)
