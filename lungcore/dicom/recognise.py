"""What a file is, by its content and never by its name."""

from pathlib import Path
from typing import Literal

Kind = Literal["dicom", "zip", "empty", "other"]

ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
EXPLICIT_VRS = (b"UL", b"UI", b"OB", b"SH", b"CS", b"DA", b"TM", b"LO")
LONGEST_FIRST_VALUE = 64


def recognise(path: Path) -> Kind:
    """DICOM with or without the preamble of PS3.10 7.1, a zip, nothing at all, or another file."""
    with path.open("rb") as file:
        start = file.read(132)
    if not start:
        return "empty"
    if start[128:] == b"DICM" or _starts_as_data_set(start):
        return "dicom"
    return "zip" if start.startswith(ZIP_STARTS) else "other"


def _starts_as_data_set(start: bytes) -> bool:
    """Whether it starts with an element of group 0002 or 0008, as old files without preamble do."""
    for order in ("little", "big"):
        group = int.from_bytes(start[:2], order)
        element = int.from_bytes(start[2:4], order)
        if group not in (2, 8) or element > 0x0018:
            continue
        if start[4:6] in EXPLICIT_VRS:
            return True
        implicit_length = int.from_bytes(start[4:8], "little")
        if order == "little" and 0 < implicit_length <= LONGEST_FIRST_VALUE:
            return True
    return False
