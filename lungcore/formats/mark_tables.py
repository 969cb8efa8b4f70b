"""Marks as rows of a CSV file: LUNA16's annotations and candidates, and `marks`.

A `marks` file has a row a reader and nodule: LUNA16's columns, the reader, the nodule and the nine
ratings. A file without readers is one reader's, called by the name of the file.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from lungcore.errors import LungcoreError
from lungcore.findings.attributes import SCALES
from lungcore.findings.labels import Drawn, DrawnSet, LabelSet, Mark, MarkKind

PLACE = ("coordX", "coordY", "coordZ")
ANNOTATION = ("seriesuid", *PLACE, "diameter_mm")
MARK = ("seriesuid", "reader", "nodule", *PLACE, "diameter_mm", *SCALES)


def read(path: Path, reader: str) -> list[DrawnSet]:
    """The marks of each series and reader, in the file's order.

    reader: who marked, where the file does not say. A row with the class 0 or a negative diameter
    is LUNA16's for what is no nodule of 3 mm or more, and is kept as that.
    Raises LungcoreError naming a column that is missing or a line that is not what it should be.
    """
    found: dict[tuple[str, str], list[Drawn]] = {}
    with path.open(newline="", encoding="utf-8-sig") as file:
        try:
            rows = csv.DictReader(file)
            _check_columns(path, rows.fieldnames or ())
            for row in rows:
                key = (row["seriesuid"] or "").strip(), (row.get("reader") or reader).strip()
                marks = found.setdefault(key, [])
                marks.append(_mark(path, rows.line_num, row, len(marks) + 1))
        except (csv.Error, UnicodeDecodeError) as error:
            raise LungcoreError("labels.csv_unreadable", path=path, problem=error) from error
    return [
        DrawnSet(series_uid=uid, reader=name, marks=tuple(marks))
        for (uid, name), marks in found.items()
    ]


def write_marks(sets: Iterable[LabelSet], path: Path) -> None:
    """A row a reader and nodule of 3 mm or more; other marks have no size and are not listed."""
    rows = [
        [labels.series_uid, labels.reader, mark.name, *_place(mark), *_rated(mark)]
        for labels in sets
        for mark in labels.nodules
    ]
    _write(path, MARK, rows)


def write_annotations(sets: Iterable[LabelSet], path: Path) -> None:
    """A row a nodule, as LUNA16's annotations.csv has them."""
    rows = [
        [labels.series_uid, *_place(mark)]
        for labels in sets
        for mark in labels.nodules
        if mark.diameter_mm is not None
    ]
    _write(path, ANNOTATION, rows)


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _place(mark: Mark) -> list[str]:
    size = "" if mark.diameter_mm is None else f"{mark.diameter_mm:.3f}"
    return [*(f"{mm:.3f}" for mm in mark.center_mm), size]


def _rated(mark: Mark) -> list[str]:
    return [str(mark.attributes.get(name, "")) for name in SCALES]


def _check_columns(path: Path, found: Sequence[str]) -> None:
    missing = [name for name in ("seriesuid", *PLACE) if name not in found]
    if not missing and "diameter_mm" not in found and "class" not in found:
        missing = ["diameter_mm"]
    if missing:
        raise LungcoreError("formats.csv_columns", path=path, columns=", ".join(missing))


def _mark(path: Path, line: int, row: Mapping[str, str | None], number: int) -> Drawn:
    x, y, z = (_number(path, line, name, row[name]) for name in PLACE)
    size = row.get("diameter_mm") or None
    diameter_mm = None if size is None else _number(path, line, "diameter_mm", size)
    is_sized = diameter_mm is not None and diameter_mm > 0
    is_nodule = is_sized or (diameter_mm is None and row.get("class", "1") == "1")
    kind: MarkKind = "nodule" if is_nodule else "non_nodule"
    return Drawn(
        name=(row.get("nodule") or "").strip() or str(number),
        kind=kind,
        center=(x, y, z),
        diameter_mm=diameter_mm if is_sized else None,
        attributes=_ratings(path, line, row),
    )


def _ratings(path: Path, line: int, row: Mapping[str, str | None]) -> dict[str, int]:
    found = {}
    for name, scale in SCALES.items():
        if value := row.get(name):
            rating = _number(path, line, name, value)
            if rating not in range(1, scale + 1):
                raise LungcoreError(
                    "labels.csv_rating", path=path, line=line, column=name, value=value, most=scale
                )
            found[name] = int(rating)
    return found


def _number(path: Path, line: int, name: str, text: str | None) -> float:
    try:
        number = float(text or "")
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise LungcoreError("formats.csv_number", path=path, line=line, column=name, value=text)
    return number
