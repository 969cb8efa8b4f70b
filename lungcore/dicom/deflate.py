"""The deflated transfer syntax (PS3.5 A.5), inflated within bounds."""

import zlib
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pydicom import FileDataset, dcmread
from pydicom.filereader import read_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian

from lungcore.dicom.problems import FileError

LARGEST_BYTES = 1 << 28  # 500 frames of 512x512: one file of more is a bomb
META_START = 132
GROUP_LENGTH_BYTES = 12  # of the element (0002,0000), which tells how long the others are
LONGEST_META = 4096


def meta_if_deflated(file: BinaryIO) -> bytes | None:
    """The bytes up to the data set when that is deflated, else None. Leaves `file` at its start."""
    start = file.read(LONGEST_META)
    file.seek(0)
    if DeflatedExplicitVRLittleEndian.encode("ascii") not in start:
        return None
    at = META_START + GROUP_LENGTH_BYTES
    return start[: at + int.from_bytes(start[at - 4 : at], "little")]


def inflate(file: BinaryIO, offset: int, file_name: str) -> BytesIO:
    """The data set that starts, deflated, at `offset`.

    Raises FileError when it is cut short, damaged or too large to be one CT image.
    """
    file.seek(offset)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflater.decompress(file.read(), LARGEST_BYTES)
    except zlib.error as error:
        raise FileError("dicom.unreadable", file=file_name) from error
    if inflater.unconsumed_tail:
        raise FileError("dicom.too_large", file=file_name, mib=LARGEST_BYTES >> 20)
    if not inflater.eof:
        raise FileError("dicom.cut_short", file=file_name)
    return BytesIO(content)


def read_whole(path: Path, file_name: str) -> FileDataset:
    """All of a file, pixels too.

    Raises FileError as `inflate` does, and what is MALFORMED where pydicom cannot read it.
    """
    try:
        with path.open("rb") as file:
            meta = meta_if_deflated(file)
            if meta is None:
                return dcmread(file, force=True)
            data = dcmread(BytesIO(meta), force=True)
            data.update(read_dataset(inflate(file, len(meta), file_name), False, True))
            return data
    except OSError as error:
        if error.errno is None:  # no fault of the disk: pydicom's for a sequence that breaks off
            raise ValueError(str(error)) from error
        raise
