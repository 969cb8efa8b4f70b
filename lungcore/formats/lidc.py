"""The readers' XML of LIDC-IDRI: CT reads (LidcReadMessage).

McNitt-Gray et al., Acad Radiol 14:1464-1474 (2007) tell how it came about. A reader outlined each
nodule of 3 mm or more slice by slice and rated it, and set one point on smaller nodules and on
what is no nodule. Columns and rows count from 0; slices are named by their z.

The pixels of an outline count as nodule, those of the outline of a hole do not: see
docs/decisions.md.
"""

import math
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from lungcore.errors import LungcoreError
from lungcore.findings.attributes import SCALES
from lungcore.findings.finding import Position
from lungcore.findings.labels import Drawn, DrawnSet, Outline, told_apart
from lungcore.formats import safe_xml

TAGS = {"internal_structure": "internalStructure"}  # the others are called as on our scales
CT, RADIOGRAPH = "LidcReadMessage", "IdriReadMessage"


def read(path: Path) -> list[DrawnSet]:
    """What each reader of the file said of its series, in the file's order.

    A reader who marked nothing has a set without marks. Values off their scales are no ratings.
    Raises LungcoreError when the file is no CT read, or lacks or garbles what a mark needs.
    """
    root = safe_xml.read(path)
    if root.tag == RADIOGRAPH:
        raise LungcoreError("labels.lidc_radiograph", path=path)
    if root.tag != CT:
        raise LungcoreError("labels.lidc_other", path=path, tag=root.tag)
    try:
        series_uid = _text(root, "ResponseHeader/SeriesInstanceUid")
        sessions = root.findall("readingSession")
        names = told_apart([_text(session, "servicingRadiologistID") for session in sessions])
        return [
            DrawnSet(series_uid=series_uid, reader=name, marks=_marks(session))
            for name, session in zip(names, sessions, strict=True)
        ]
    except (ValueError, OverflowError) as error:
        raise LungcoreError("labels.lidc_damaged", path=path, problem=error) from error


def _marks(session: Element) -> tuple[Drawn, ...]:
    nodules = [_nodule(element) for element in session.findall("unblindedReadNodule")]
    others = [
        Drawn(
            name=_text(element, "nonNoduleID"),
            kind="non_nodule",
            center=_point(element.find("locus"), _number(element, "imageZposition")),
            in_pixels=True,
        )
        for element in session.findall("nonNodule")
    ]
    return (*nodules, *others)


def _nodule(element: Element) -> Drawn:
    name = _text(element, "noduleID")
    ratings = _ratings(element.find("characteristics"))
    outlines = tuple(_outline(roi) for roi in element.findall("roi"))
    if not outlines:
        raise ValueError(f"nodule {name}: no roi")
    if ratings or any(len(outline.points) > 1 for outline in outlines):
        return Drawn(name=name, attributes=ratings, shape=outlines, in_pixels=True)
    column, row, z_mm = outlines[0].points[0]
    center = (float(column), float(row), float(z_mm))
    return Drawn(name=name, kind="small_nodule", center=center, in_pixels=True)


def _ratings(element: Element | None) -> dict[str, int]:
    if element is None:
        return {}
    found = {name: element.findtext(TAGS.get(name, name), "").strip() for name in SCALES}
    return {
        name: int(value)
        for name, value in found.items()
        if value.isdecimal() and 1 <= int(value) <= SCALES[name]
    }


def _outline(roi: Element) -> Outline:
    z_mm = _number(roi, "imageZposition")
    points = [_point(edge, z_mm) for edge in roi.findall("edgeMap")]
    if not points:
        raise ValueError(f"z {z_mm}: no edgeMap")
    is_hole = _text(roi, "inclusion").upper() == "FALSE"
    return Outline(np.array(points, float), "hole" if is_hole else "add")


def _point(element: Element | None, z_mm: float) -> Position:
    """(column, row, z in mm)."""
    if element is None:
        raise ValueError(f"z {z_mm}: no point")
    return _number(element, "xCoord"), _number(element, "yCoord"), z_mm


def _number(element: Element, tag: str) -> float:
    number = float(_text(element, tag))
    if not math.isfinite(number):
        raise ValueError(f"{tag}: {number}")
    return number


def _text(element: Element, path: str) -> str:
    found = element.findtext(path, "").strip()
    if not found:
        raise ValueError(f"{element.tag}: no {path}")
    return found
