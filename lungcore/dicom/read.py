"""Read the header of one file, without its pixels, and check that it keeps its promises."""

import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset, FileDataset, dcmread
from pydicom import uid as uids
from pydicom.filereader import read_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import MediaStorageDirectoryStorage

from lungcore.dicom import values
from lungcore.dicom.deflate import inflate, meta_if_deflated
from lungcore.dicom.frames import frames
from lungcore.dicom.header import Description, Header
from lungcore.dicom.pixelformat import pixel_format
from lungcore.dicom.problems import MALFORMED, FileError

UID = re.compile(r"(?!.{65})[0-9]+(\.[0-9]+)*")  # PS3.5 section 9.1
PIXEL_DATA = 0x7FE00008  # the first of the three elements that may hold pixels
IDENTITY = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")
KEYWORDS = (
    *IDENTITY,
    *("SOPClassUID", "Modality", "ImageType"),
    *("FrameOfReferenceUID", "GantryDetectorTilt", "SliceThickness"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing"),
    *("RescaleSlope", "RescaleIntercept", "RescaleType"),
    *("Rows", "Columns", "NumberOfFrames", "SamplesPerPixel", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"),
    *("PixelPaddingValue", "PixelPaddingRangeLimit"),
    *("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"),
)
DESCRIPTION_KEYWORDS = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "QualityControlSubject"),
    *("StudyInstanceUID", "StudyDate", "StudyTime", "StudyDescription", "AccessionNumber"),
    *("SeriesNumber", "SeriesDescription", "Manufacturer", "ConvolutionKernel"),
    "BodyPartExamined",
)
TAGS = tuple(Tag(keyword) for keyword in KEYWORDS)
DESCRIPTION_TAGS = tuple(
    Tag(keyword) for keyword in ("SpecificCharacterSet", *DESCRIPTION_KEYWORDS)
)


def read_header(path: Path, file_name: str) -> Header | None:
    """The header of a DICOM file, or None for a DICOMDIR, which only lists other files.

    Raises FileError naming `file_name` when the file cannot be read, lacks what identifies it,
    has no pixels, or has fewer or more of them than it says.
    """
    try:
        with path.open("rb") as file:
            return _read(file, path, file_name)
    except MALFORMED as error:
        raise FileError("dicom.unreadable", file=file_name) from error


def read_description(path: Path, file_name: str) -> Description:
    """Whose series a file belongs to and what it shows.

    Raises FileError naming `file_name` when the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return _description(_data_set(file, DESCRIPTION_TAGS, file_name)[0])
    except MALFORMED as error:
        raise FileError("dicom.unreadable", file=file_name) from error


def _data_set(
    file: BinaryIO, tags: Sequence[BaseTag], file_name: str
) -> tuple[FileDataset, BinaryIO]:
    """The elements `tags`, and the stream that now stands at the pixel data."""
    meta = meta_if_deflated(file)
    if meta is None:
        return dcmread(file, stop_before_pixels=True, force=True, specific_tags=list(tags)), file
    content = inflate(file, len(meta), file_name)
    data = dcmread(BytesIO(meta), force=True)
    data.update(read_dataset(content, False, True, stop_when=_at_pixels, specific_tags=list(tags)))
    return data, content


def _read(file: BinaryIO, path: Path, file_name: str) -> Header | None:
    data, stream = _data_set(file, TAGS, file_name)
    if data.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        return None
    _check_uids(data, file_name)
    pixels = pixel_format(data, _transfer_syntax(data), stream, file_name)
    return Header(
        path=path,
        file_name=file_name,
        size_bytes=path.stat().st_size,
        sop_uid=values.code(data, "SOPInstanceUID"),
        sop_class_uid=values.code(data, "SOPClassUID"),
        series_uid=values.code(data, "SeriesInstanceUID"),
        modality=values.code(data, "Modality"),
        frame_of_reference_uid=values.code(data, "FrameOfReferenceUID"),
        gantry_tilt_deg=values.number(data, "GantryDetectorTilt") or 0.0,
        pixels=pixels,
        frames=frames(data, pixels.frames),
    )


def _check_uids(data: Dataset, file_name: str) -> None:
    for keyword in IDENTITY:
        if not UID.fullmatch(values.code(data, keyword)):
            raise FileError("dicom.uid_missing", file=file_name, tag=keyword)


def _transfer_syntax(data: FileDataset) -> uids.UID:
    """What the file says, else (no file meta information) what its first elements look like."""
    said = data.file_meta.get("TransferSyntaxUID")
    if said is not None:
        return said
    implicit, little = data.original_encoding
    if implicit:
        return uids.ImplicitVRLittleEndian
    return uids.ExplicitVRLittleEndian if little else uids.ExplicitVRBigEndian


def _at_pixels(tag: BaseTag, _vr: str | None, _length: int) -> bool:
    return tag >= PIXEL_DATA


def _description(data: Dataset) -> Description:
    number = values.number(data, "SeriesNumber")
    return Description(
        study_uid=values.text(data, "StudyInstanceUID"),
        patient_id=values.text(data, "PatientID"),
        patient_name=values.text(data, "PatientName"),
        patient_birth_date=values.date(data, "PatientBirthDate"),
        patient_sex=values.text(data, "PatientSex"),
        study_date=values.date(data, "StudyDate"),
        study_time=values.time(data, "StudyTime"),
        study_description=values.text(data, "StudyDescription"),
        accession_number=values.text(data, "AccessionNumber"),
        series_number=None if number is None else int(number),
        series_description=values.text(data, "SeriesDescription"),
        manufacturer=values.text(data, "Manufacturer"),
        convolution_kernel=values.text(data, "ConvolutionKernel"),
        body_part=values.text(data, "BodyPartExamined"),
        phantom=values.text(data, "QualityControlSubject") == "YES",  # PS3.3 C.7.1.1
    )
