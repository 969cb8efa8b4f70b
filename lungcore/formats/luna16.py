"""LUNA16's CSV files: annotations, lists of series, and submissions (luna16.grand-challenge.org).

Positions are world coordinates of the MetaImage files, which are LPS mm.
"""

import csv
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from lungcore.errors import LungcoreError
from lungcore.findings.finding import Candidate

PLACE = ("coordX", "coordY", "coordZ")
UNSIZED_MM = 10.0  # the evaluation's, for marks without a size: below 3 mm, or no nodule

Place = tuple[float, float, float]


def read_annotations(path: Path) -> dict[str, list[tuple[Place, float]]]:
    """Centre and diameter in mm of the marks of each series; marks without a size get 10 mm."""
    found: dict[str, list[tuple[Place, float]]] = {}
    for seriesuid, place, diameter_mm in _rows(path, "diameter_mm"):
        size_mm = diameter_mm if diameter_mm >= 0 else UNSIZED_MM
        found.setdefault(seriesuid, []).append((place, size_mm))
    return found


def read_submission(path: Path) -> dict[str, list[Candidate]]:
    """The candidates of each series; LUNA16 knows no sizes, so each has a diameter of 0."""
    found: dict[str, list[Candidate]] = {}
    for seriesuid, place, probability in _rows(path, "probability"):
        found.setdefault(seriesuid, []).append(Candidate(place, 0.0, probability, None))
    return found


def read_series(path: Path) -> list[str]:
    """The series of a list, one a line; a heading is no series."""
    with _open(path) as file:
        names = [row[0].strip() for row in csv.reader(file) if row and row[0].strip()]
    return [name for name in names if name.lower() != "seriesuid"]


def _rows(path: Path, value: str) -> Iterator[tuple[str, Place, float]]:
    """Of each row the seriesuid, the place and the column `value`."""
    with _open(path) as file:
        rows = csv.DictReader(file)
        missing = [
            name for name in ("seriesuid", *PLACE, value) if name not in (rows.fieldnames or ())
        ]
        if missing:
            raise LungcoreError("formats.csv_columns", path=path, columns=", ".join(missing))
        for row in rows:
            x, y, z, cell = (
                number(path, rows.line_num, name, row[name]) for name in (*PLACE, value)
            )
            yield row["seriesuid"].strip(), (x, y, z), cell


def number(path: Path, line: int, name: str, text: str | None) -> float:
    """The finite number in a cell. Raises LungcoreError naming its line and column."""
    try:
        found = float(text or "")
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise LungcoreError("formats.csv_number", path=path, line=line, column=name, value=text)
    return found


def _open(path: Path) -> TextIO:
    return path.open(newline="", encoding="utf-8-sig")
