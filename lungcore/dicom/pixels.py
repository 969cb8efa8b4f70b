"""Decode the pixels of a frame to HU."""

from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from pydicom import uid as uids
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.decoders.base import get_decoder

from lungcore.dicom.codestream import coded_size
from lungcore.dicom.deflate import inflate, meta_if_deflated
from lungcore.dicom.header import Header, PixelFormat, Slice
from lungcore.dicom.pixelformat import PLUGINS, frame_bytes
from lungcore.dicom.problems import MALFORMED, FileError

PADDING_HU = -1024  # for what lies outside the image
INT16 = np.iinfo(np.int16)


def read_hu(image: Slice) -> NDArray[np.int16]:
    """HU of one image, shape (rows, columns): slope x stored value + intercept (PS3.3 C.11.1).

    Rounded to the nearest whole HU, held within int16; padding (PixelPaddingValue) becomes
    PADDING_HU. MONOCHROME1 only tells how to show the values, so it changes nothing here.

    Raises FileError when the pixels cannot be decoded, ValueError when the header has no rescale.
    """
    header, frame = image
    if frame.slope is None or frame.intercept is None:
        raise ValueError("image must have a rescale slope and intercept")
    stored = read_stored(header, frame.index)
    hu = _rescale(stored, frame.slope, frame.intercept)
    if header.pixels.padding is not None:
        low, high = header.pixels.padding
        hu[(stored >= low) & (stored <= high)] = PADDING_HU
    return hu


def read_stored(header: Header, index: int) -> NDArray[np.integer]:
    """The stored values of frame `index`, shape (rows, columns), sign and unused bits settled.

    Raises FileError when they cannot be decoded.
    """
    try:
        with header.path.open("rb") as file:
            if header.pixels.length is None:
                values = _decoded(header, file, index)
            else:
                values = _native(header, file, index)
        return _significant(values, header.pixels)
    except MALFORMED as error:
        raise FileError("dicom.undecodable", file=header.file_name) from error


def _native(header: Header, file: BinaryIO, index: int) -> NDArray[np.integer]:
    pixels = header.pixels
    meta = meta_if_deflated(file)
    source: BinaryIO = file if meta is None else inflate(file, len(meta), header.file_name)
    length = int(frame_bytes(pixels))
    source.seek(pixels.offset + index * length)
    order = ">" if pixels.transfer_syntax_uid == uids.ExplicitVRBigEndian else "<"
    values = np.frombuffer(source.read(length), f"{order}u{pixels.bits_allocated // 8}")
    return values.reshape(pixels.rows, pixels.columns)


def _decoded(header: Header, file: BinaryIO, index: int) -> NDArray[np.integer]:
    pixels = header.pixels
    file.seek(pixels.offset)
    coded = get_frame(file, index, number_of_frames=pixels.frames)
    if coded_size(coded) not in (None, (pixels.rows, pixels.columns)):
        raise ValueError(f"the code stream says {coded_size(coded)}")
    syntax = uids.UID(pixels.transfer_syntax_uid)
    values, _ = get_decoder(syntax).as_array(
        BytesIO(encapsulate([coded], has_bot=False)),
        raw=True,
        decoding_plugin=PLUGINS[syntax],
        **_decoder_options(pixels),
    )
    return values.reshape(pixels.rows, pixels.columns)


def _decoder_options(pixels: PixelFormat) -> dict[str, Any]:
    """The format of one frame in the words of pydicom's decoders."""
    return {
        "pixel_keyword": "PixelData",
        "number_of_frames": 1,
        "rows": pixels.rows,
        "columns": pixels.columns,
        "samples_per_pixel": pixels.samples,
        "photometric_interpretation": pixels.photometric,
        "bits_allocated": pixels.bits_allocated,
        "bits_stored": pixels.bits_stored,
        "pixel_representation": int(pixels.signed),
    }


def _significant(values: NDArray[np.integer], pixels: PixelFormat) -> NDArray[np.integer]:
    """Bits outside BitsStored, where old files keep overlays, dropped; the sign extended."""
    kind = f"{'i' if pixels.signed else 'u'}{pixels.bits_allocated // 8}"
    native = values.astype(values.dtype.newbyteorder("="), copy=False).view(kind)
    if pixels.bits_stored == pixels.bits_allocated:
        return native
    if not pixels.signed and pixels.high_bit == pixels.bits_stored - 1:
        return native & native.dtype.type((1 << pixels.bits_stored) - 1)
    above = pixels.bits_allocated - 1 - pixels.high_bit
    return (native << above) >> (pixels.bits_allocated - pixels.bits_stored)


def _rescale(stored: NDArray[np.integer], slope: float, intercept: float) -> NDArray[np.int16]:
    if slope == 1 and intercept == int(intercept):
        low, high = int(stored.min()) + intercept, int(stored.max()) + intercept
        if INT16.min <= low and high <= INT16.max and abs(intercept) <= INT16.max:
            # Modulo 2^16 the sum is exact, since its result is within int16.
            return stored.astype(np.int16) + np.int16(intercept)
    hu = np.rint(stored * slope + intercept)
    return np.clip(hu, INT16.min, INT16.max).astype(np.int16)
