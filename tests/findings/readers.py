"""The LIDC readers' marks of the shared data, for tests of agreement."""

import csv
from pathlib import Path

from lungcore.findings.attributes import SCALES
from lungcore.findings.labels import LabelSet, Mark

THEIRS = {"internal_structure": "internalStructure"}


def rows_of(shared: Path) -> list[dict[str, str]]:
    with (shared / "lidc_scans" / "annotations_per_reader.csv").open() as file:
        return list(csv.DictReader(file))


def sets_of(shared: Path) -> list[LabelSet]:
    """One set a row: the four readers of each scan, called by their place in the file."""
    counted: dict[str, int] = {}
    sets = []
    for row in rows_of(shared):
        uid = row["series_uid"]
        counted[uid] = counted.get(uid, 0) + 1
        mark = Mark(
            name=row["nodule"],
            kind="nodule",
            center_mm=(float(row["x_mm"]), float(row["y_mm"]), float(row["z_mm"])),
            diameter_mm=float(row["equiv_diam_mm"]),
            attributes={name: int(row[THEIRS.get(name, name)]) for name in SCALES},
            mask=None,
        )
        sets.append(LabelSet(series_uid=uid, reader=f"reader {counted[uid]}", marks=(mark,)))
    return sets
