"""What the headers of CT files say, as plain values."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelFormat:
    """How the pixel data of one file is coded (PS3.3 C.7.6.3).

    offset, length: where its value lies in the file, in bytes (in the inflated data set where the
        transfer syntax is deflated); length is None when it is encapsulated (PS3.5 A.4).
    padding: the stored values from and to which mean "outside the image" (PS3.3 C.7.5.1.1.2).
    """

    transfer_syntax_uid: str
    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    padding: tuple[int, int] | None
    offset: int
    length: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One image of a file. None where the header does not say.

    position_mm: centre of the first voxel, (x, y, z) LPS. orientation: the directions along a row
    and along a column, one after the other. pixel_spacing_mm: between rows, between columns
    (PS3.3 C.7.6.2). slope, intercept: from stored values to HU (C.11.1).
    """

    index: int
    image_type: tuple[str, ...]
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    pixel_spacing_mm: tuple[float, ...] | None
    slice_thickness_mm: float | None
    slope: float | None
    intercept: float | None
    rescale_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """Whose series it is and what it shows. Dates are ISO; empty where the header does not say."""

    study_uid: str
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    study_date: str
    study_time: str
    study_description: str
    accession_number: str
    series_number: int | None
    series_description: str
    manufacturer: str
    convolution_kernel: str
    body_part: str
    phantom: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One file. file_name is what the user called it; path is where it lies now."""

    path: Path
    file_name: str
    size_bytes: int
    sop_uid: str
    sop_class_uid: str
    series_uid: str
    modality: str
    frame_of_reference_uid: str
    gantry_tilt_deg: float
    pixels: PixelFormat
    frames: tuple[Frame, ...]


class Slice(NamedTuple):
    """One image: a frame and the file that holds it."""

    header: Header
    frame: Frame
