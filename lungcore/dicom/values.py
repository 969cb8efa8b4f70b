"""Values of a data set as plain Python values. None or empty where they are absent.

A value that is there and cannot be read raises ValueError or TypeError.
"""

import re
from collections.abc import Sequence

from pydicom import Dataset
from pydicom.multival import MultiValue

DATE = re.compile(r"(\d{4})[.-]?(\d{2})[.-]?(\d{2})")  # dots before the standard's version 3
TIME = re.compile(r"(\d{2}):?(\d{2}):?(\d{2})?")


def text(data: Dataset, keyword: str) -> str:
    """A text in one line; several values are joined as DICOM writes them."""
    value = data.get(keyword)
    if value is None:
        return ""
    joined = "\\".join(map(str, value)) if isinstance(value, MultiValue) else str(value)
    return " ".join(joined.replace("\0", " ").split())


def texts(data: Dataset, keyword: str) -> tuple[str, ...]:
    """The values of a text of several values."""
    return tuple(text(data, keyword).split("\\")) if data.get(keyword) else ()


def number(data: Dataset, keyword: str) -> float | None:
    """A number."""
    value = data.get(keyword)
    return None if value is None or value == "" else float(value)


def integer(data: Dataset, keyword: str) -> int | None:
    """A whole number."""
    value = number(data, keyword)
    return None if value is None else int(value)


def numbers(data: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """Exactly `count` numbers; None where there are fewer or more."""
    value = data.get(keyword)
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != count:
        return None
    return tuple(map(float, value))


def date(data: Dataset, keyword: str) -> str:
    """A date as ISO yyyy-mm-dd; empty when it is none."""
    found = DATE.fullmatch(text(data, keyword))
    return "-".join(found.groups()) if found else ""


def time(data: Dataset, keyword: str) -> str:
    """A time of day as hh:mm:ss; empty when it is none."""
    found = TIME.match(text(data, keyword))
    return ":".join(part or "00" for part in found.groups()) if found else ""
