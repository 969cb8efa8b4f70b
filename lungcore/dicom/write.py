"""Write a volume as a DICOM CT series (CT Image IOD, PS3.3 A.3)."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom import Dataset
from pydicom import uid as uids
from pydicom.dataset import FileMetaDataset

from lungcore.imaging.volume import Volume

INTERCEPT_HU = -1024
STORED_BITS = 12
NATIVE = (
    uids.ImplicitVRLittleEndian,
    uids.ExplicitVRLittleEndian,
    uids.ExplicitVRBigEndian,
    uids.DeflatedExplicitVRLittleEndian,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesText:
    """What the files say besides the pixels. Dates and times are as DICOM writes them.

    uid_seed: the same seed gives the same UIDs.
    phantom: told by QualityControlSubject (PS3.3 C.7.1.1), as it is of a real phantom.
    """

    uid_seed: str
    patient_id: str
    patient_name: str
    study_description: str
    series_description: str
    study_date: str = ""
    study_time: str = ""
    phantom: bool = False


def write_series(
    volume: Volume,
    folder: Path,
    text: SeriesText,
    *,
    transfer_syntax: uids.UID = uids.ExplicitVRLittleEndian,
) -> list[Path]:
    """Write one file a slice into `folder`, which is made when absent; returns them in order.

    transfer_syntax: uncompressed, or one that pydicom has an encoder for.

    Raises ValueError when a HU is outside of what 12 bits hold, -1024 to 3071.
    """
    stored = volume.hu.astype(np.int32) - INTERCEPT_HU
    if stored.min() < 0 or stored.max() >= 1 << STORED_BITS:
        raise ValueError("hu must lie in -1024 to 3071")
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, values in enumerate(stored.astype(np.uint16), start=1):
        data = _described(text)
        _identify(data, text.uid_seed, number)
        _place(data, volume, number - 1)
        _add_pixels(data, values)
        path = folder / f"{number:04d}.dcm"
        _save(data, path, transfer_syntax)
        paths.append(path)
    return paths


def _described(text: SeriesText) -> Dataset:
    """Patient, study, series, equipment and CT modules; empty where the standard lets them be."""
    data = Dataset()
    data.SpecificCharacterSet = "ISO_IR 192"
    data.PatientID, data.PatientName = text.patient_id, text.patient_name
    data.PatientBirthDate = data.PatientSex = ""
    if text.phantom:
        data.QualityControlSubject = "YES"
    data.StudyDate, data.StudyTime = text.study_date, text.study_time
    data.StudyDescription, data.StudyID = text.study_description, "1"
    data.AccessionNumber = data.ReferringPhysicianName = ""
    data.Modality, data.SeriesNumber = "CT", 1
    data.SeriesDescription = text.series_description
    data.BodyPartExamined, data.PatientPosition = "CHEST", "HFS"
    data.Manufacturer = "lungcore"
    data.ImageType = ["DERIVED", "PRIMARY", "AXIAL"]
    data.KVP, data.AcquisitionNumber = "", 1
    return data


def _identify(data: Dataset, seed: str, number: int) -> None:
    data.SOPClassUID = uids.CTImageStorage
    data.SOPInstanceUID = _uid(seed, f"image {number}")
    data.StudyInstanceUID = _uid(seed, "study")
    data.SeriesInstanceUID = _uid(seed, "series")
    data.InstanceNumber = number


def _uid(seed: str, part: str) -> uids.UID:
    return uids.generate_uid(entropy_srcs=[seed, part])


def _place(data: Dataset, volume: Volume, index: int) -> None:
    """The image plane module (PS3.3 C.7.6.2)."""
    _, row_mm, column_mm = volume.spacing_mm
    along_row, along_column = volume.affine[:3, 2] / column_mm, volume.affine[:3, 1] / row_mm
    normal = np.cross(along_row, along_column)
    data.FrameOfReferenceUID = volume.frame_of_reference_uid or _uid(data.StudyInstanceUID, "frame")
    data.PositionReferenceIndicator = ""
    data.ImagePositionPatient = _decimals(volume.to_mm((index, 0, 0)))
    data.ImageOrientationPatient = _decimals((*along_row, *along_column))
    data.PixelSpacing = _decimals((row_mm, column_mm))
    data.SliceThickness = _decimals([abs(normal @ volume.affine[:3, 0])])[0]


def _decimals(values: ArrayLike) -> list[str]:
    """Decimal strings, of at most 16 characters (PS3.5 6.2)."""
    return [f"{value:.10g}" for value in np.asarray(values, float)]


def _add_pixels(data: Dataset, values: NDArray[np.uint16]) -> None:
    data.Rows, data.Columns = values.shape
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit = 16, STORED_BITS, STORED_BITS - 1
    data.PixelRepresentation = 0
    data.RescaleSlope, data.RescaleIntercept, data.RescaleType = "1", str(INTERCEPT_HU), "HU"
    data.add_new("PixelData", "OW", values.astype("<u2").tobytes())


def _save(data: Dataset, path: Path, transfer_syntax: uids.UID) -> None:
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = uids.ExplicitVRLittleEndian
    if transfer_syntax in NATIVE:
        data.file_meta.TransferSyntaxUID = transfer_syntax
        if transfer_syntax == uids.ExplicitVRBigEndian:
            data["PixelData"].value = np.frombuffer(data.PixelData, "<u2").astype(">u2").tobytes()
    else:
        data.compress(transfer_syntax, generate_instance_uid=False)
    data.save_as(path, enforce_file_format=True)
