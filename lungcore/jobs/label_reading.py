"""From a file of labels, whatever it is, to what its readers drew."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lungcore.dicom.labels import read_labels
from lungcore.dicom.recognise import recognise
from lungcore.errors import LungcoreError
from lungcore.findings.labels import DrawnSet
from lungcore.formats import images, label_images, label_json, lidc, mark_tables
from lungcore.records.pixels import UID

HEAD_BYTES = 4096
LONGEST_READER = 64


class Read(NamedTuple):
    """The format, and each reader's set; a reader's name comes once a series."""

    format: str
    sets: list[DrawnSet]


def read(path: Path, name: str, series_uid: str = "") -> Read:
    """What a file holds, by its content; images by their suffix.

    name: of the file as the user knows it; its stem is the reader where the file names none.
    series_uid: of the series, for images that do not name it.
    Raises LungcoreError when it is no labels or says what cannot be.
    """
    found = _read(path, name, series_uid)
    if not found.sets:
        raise LungcoreError("labels.empty", path=name)
    for labels in found.sets:
        if not UID.fullmatch(labels.series_uid):
            raise LungcoreError("labels.series_invalid", path=name, series_uid=labels.series_uid)
        if not 0 < len(labels.reader) <= LONGEST_READER:
            raise LungcoreError("labels.reader_invalid", path=name, reader=labels.reader[:200])
    if (twice := _twice(found.sets)) is not None:
        raise LungcoreError("labels.reader_twice", path=name, reader=twice)
    return found


def _read(path: Path, name: str, series_uid: str) -> Read:
    if images.is_image(Path(name)):
        return Read("image", [label_images.read(path, name, series_uid)])
    reader = Path(name).stem[:LONGEST_READER]
    if recognise(path) == "dicom":
        return Read(*read_labels(path, name, reader))
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"<"):
        return Read("lidc", lidc.read(path))
    if head.startswith(b"{"):
        return Read("json", label_json.read(path))
    if b"seriesuid" in head.partition(b"\n")[0]:
        return Read("csv", mark_tables.read(path, reader))
    raise LungcoreError("labels.unknown", path=name)


def _twice(sets: Sequence[DrawnSet]) -> str | None:
    counted = Counter((labels.series_uid, labels.reader) for labels in sets)
    return next((reader for (_, reader), n in counted.items() if n > 1), None)
