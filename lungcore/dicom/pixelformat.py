"""How the pixels of a file are coded, checked against what the file holds."""

from typing import BinaryIO

from pydicom import Dataset
from pydicom import uid as uids

from lungcore.dicom import values
from lungcore.dicom.header import PixelFormat
from lungcore.dicom.problems import FileError

NATIVE = (
    uids.ImplicitVRLittleEndian,
    uids.ExplicitVRLittleEndian,
    uids.ExplicitVRBigEndian,
    uids.DeflatedExplicitVRLittleEndian,
)
# The plug-in of pydicom that decodes each encapsulated transfer syntax.
PLUGINS = {
    uids.RLELossless: "pydicom",
    uids.JPEGBaseline8Bit: "gdcm",
    uids.JPEGExtended12Bit: "gdcm",
    uids.JPEGLossless: "gdcm",
    uids.JPEGLosslessSV1: "gdcm",
    uids.JPEGLSLossless: "pyjpegls",
    uids.JPEGLSNearLossless: "pyjpegls",
    uids.JPEG2000Lossless: "pylibjpeg",
    uids.JPEG2000: "pylibjpeg",
    uids.HTJ2KLossless: "pylibjpeg",
    uids.HTJ2KLosslessRPCL: "pylibjpeg",
    uids.HTJ2K: "pylibjpeg",
}
LARGEST_SIDE = 4096
MOST_FRAMES = 10_000
UNDEFINED_LENGTH = 0xFFFFFFFF
ITEM = b"\xfe\xff\x00\xe0"  # PS3.5 A.4
LARGEST_CODED = 2  # no frame is coded in more bytes than this many times its own
CODED_MARGIN = 4096


def pixel_format(data: Dataset, syntax: uids.UID, file: BinaryIO, file_name: str) -> PixelFormat:
    """The coding of the pixel data at which `file` stands.

    Raises FileError when there is none, when it is in a transfer syntax without a decoder, or
    when it is larger or smaller than rows, columns and frames say.
    """
    rows, columns = (values.integer(data, keyword) for keyword in ("Rows", "Columns"))
    bits = values.integer(data, "BitsAllocated")
    element = file.read(12)
    if not rows or not columns or not bits or len(element) < 12:
        modality = values.code(data, "Modality")
        raise FileError("dicom.no_image", file=file_name, modality=modality or "?")
    frames = int(values.number(data, "NumberOfFrames") or 1)
    if max(rows, columns) > LARGEST_SIDE or not 0 < frames <= MOST_FRAMES:
        raise FileError(
            "dicom.absurd_size", file=file_name, rows=rows, columns=columns, frames=frames
        )
    stored = values.integer(data, "BitsStored") or bits
    if not _is_decodable(syntax, stored):
        raise FileError("dicom.syntax_unsupported", file=file_name, syntax=_name(syntax))
    implicit, little = syntax == uids.ImplicitVRLittleEndian, syntax != uids.ExplicitVRBigEndian
    length = int.from_bytes(
        element[4:8] if implicit else element[8:], "little" if little else "big"
    )
    high_bit = values.integer(data, "HighBit")
    signed = values.integer(data, "PixelRepresentation") == 1
    found = PixelFormat(
        transfer_syntax_uid=str(syntax),
        rows=rows,
        columns=columns,
        frames=frames,
        samples=values.integer(data, "SamplesPerPixel") or 1,
        photometric=values.code(data, "PhotometricInterpretation"),
        bits_allocated=bits,
        bits_stored=stored,
        high_bit=stored - 1 if high_bit is None else high_bit,
        signed=signed,
        padding=_padding(data, stored, signed),
        offset=file.tell() - (4 if implicit else 0),
        length=length if syntax in NATIVE else None,
    )
    _check_length(found, file, file_name)
    return found


def _is_decodable(syntax: uids.UID, bits_stored: int) -> bool:
    # No maintained decoder takes JPEG Extended beyond 8 bits.
    extended = syntax == uids.JPEGExtended12Bit and bits_stored > 8
    return syntax in NATIVE or (syntax in PLUGINS and not extended)


def frame_bytes(pixels: PixelFormat) -> float:
    """Size of one frame, uncoded."""
    return pixels.rows * pixels.columns * pixels.samples * pixels.bits_allocated / 8


def _check_length(pixels: PixelFormat, file: BinaryIO, file_name: str) -> None:
    size = file.seek(0, 2)
    if pixels.length is None:
        _check_items(pixels, file, size, file_name)
        return
    if pixels.offset + pixels.length > size:
        raise FileError("dicom.cut_short", file=file_name)
    expected = frame_bytes(pixels) * pixels.frames
    row = frame_bytes(pixels) / pixels.rows
    # Some writers pad the value; a whole row more means that the rows or columns are wrong.
    if not expected <= pixels.length < expected + max(row, 2):
        raise FileError(
            "dicom.size_differs", file=file_name, found=pixels.length, expected=int(expected)
        )


def _check_items(pixels: PixelFormat, file: BinaryIO, size: int, file_name: str) -> None:
    """Walk the fragments: all there, enough for the frames, and none absurdly large."""
    at, fragments = pixels.offset, -1  # the first item is the offset table
    largest = LARGEST_CODED * frame_bytes(pixels) + CODED_MARGIN
    while at + 8 <= size:
        file.seek(at)
        tag, length = file.read(4), int.from_bytes(file.read(4), "little")
        if tag != ITEM:
            break
        if at + 8 + length > size:
            raise FileError("dicom.cut_short", file=file_name)
        if fragments >= 0 and length > largest:
            raise FileError(
                "dicom.size_differs", file=file_name, found=length, expected=int(largest)
            )
        at, fragments = at + 8 + length, fragments + 1
    if fragments < pixels.frames:
        raise FileError("dicom.cut_short", file=file_name)


def _padding(data: Dataset, bits_stored: int, signed: bool) -> tuple[int, int] | None:
    value = values.integer(data, "PixelPaddingValue")
    if value is None:
        return None
    limit = values.integer(data, "PixelPaddingRangeLimit")
    ends = [
        _as_stored(end, bits_stored, signed) for end in (value, value if limit is None else limit)
    ]
    return min(ends), max(ends)


def _as_stored(value: int, bits_stored: int, signed: bool) -> int:
    """The value with the sign of the pixels: many writers give it the other one's VR."""
    if signed and value >= 1 << (bits_stored - 1):
        return value - (1 << 16)
    return value & 0xFFFF if not signed else value


def _name(syntax: uids.UID) -> str:
    return f"{syntax.name} ({syntax})" if syntax.name != syntax else str(syntax)
