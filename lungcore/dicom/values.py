"""Values of a data set as plain Python values. None or empty where they are absent.

`text`, `date` and `time` let pydicom decode the character set. The others read the raw bytes of
an element (PS3.5 6.2): they are asked of every file, and that is five times as fast.

A value that is there and cannot be read raises ValueError.
"""

import re

from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.multival import MultiValue

DATE = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})")  # dots before the standard's version 3
TIME = re.compile(r"(\d{2}):?(\d{2}):?(\d{2})?")
PADDING = b" \0"


def text(data: Dataset, keyword: str) -> str:
    """A text in one line; several values are joined as DICOM writes them."""
    value = data.get(keyword)
    if value is None:
        return ""
    joined = "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)
    return " ".join(joined.replace("\0", " ").split())


def date(data: Dataset, keyword: str) -> str:
    """A date as ISO yyyy-mm-dd; empty when it is none."""
    found = DATE.fullmatch(text(data, keyword))
    return "-".join(found.groups()) if found else ""


def time(data: Dataset, keyword: str) -> str:
    """A time of day as hh:mm:ss; empty when it is none."""
    found = TIME.match(text(data, keyword))
    return ":".join(part or "00" for part in found.groups()) if found else ""


def codes(data: Dataset, keyword: str) -> tuple[str, ...]:
    """The values of an element of VR CS or UI."""
    raw = _raw(data, keyword)[0].strip(PADDING)
    parts = raw.split(b"\\") if raw else []
    return tuple(part.strip(PADDING).decode("ascii", "replace") for part in parts)


def code(data: Dataset, keyword: str) -> str:
    """The first value of an element of VR CS or UI."""
    return next(iter(codes(data, keyword)), "")


def numbers(data: Dataset, keyword: str) -> tuple[float, ...]:
    """The values of an element of VR DS or IS."""
    raw = _raw(data, keyword)[0].strip(PADDING)
    return tuple(float(part.strip(PADDING)) for part in raw.split(b"\\")) if raw else ()


def number(data: Dataset, keyword: str) -> float | None:
    """The one value of an element of VR DS or IS."""
    found = numbers(data, keyword)
    if len(found) > 1:
        raise ValueError(f"{keyword} has {len(found)} values")
    return found[0] if found else None


def integer(data: Dataset, keyword: str) -> int | None:
    """The one value of an element of VR US or SS, taken as unsigned."""
    raw, little = _raw(data, keyword)
    return int.from_bytes(raw, "little" if little else "big") if raw else None


def _raw(data: Dataset, keyword: str) -> tuple[bytes, bool]:
    """The bytes of an element and whether they are little-endian."""
    tag = tag_for_keyword(keyword)
    if tag is None or tag not in data:
        return b"", True
    element = data.get_item(tag)
    if isinstance(element, RawDataElement):
        return element.value or b"", element.is_little_endian
    if element.is_empty:  # pydicom has made up its mind about these already
        return b"", True
    raise ValueError(f"{keyword} was read already")
