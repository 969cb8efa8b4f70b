"""Read DICOM segmentations (PS3.3 A.51, C.8.20): a mark a segment."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread
from pydicom.uid import SegmentationStorage

from lungcore.dicom.problems import MALFORMED, FileError
from lungcore.findings.finding import Position
from lungcore.findings.labels import Drawn, DrawnSet, MarkKind, Voxels, kind_of
from lungcore.findings.voxels import trimmed

# As the combined segmentations of LIDC-IDRI on TCIA name the readers' segments, and ours.
READERS_SEGMENT = re.compile(r"(?P<reader>.+)_(?P<kind>nod|small|non)_(?P<name>[^_]+)")
KIND: dict[str, MarkKind] = {"nod": "nodule", "small": "small_nodule", "non": "non_nodule"}
LEAST_SHARE = 0.5  # of the maximum in a fractional segmentation that counts
ONE_PLANE = 1e-3  # mm: positions along the normal that differ by less are one plane
EVEN = 0.05  # of the distance of planes that they may be off it


class _Plane(NamedTuple):
    """One frame: where its first voxel lies along the normal, and what it shows."""

    at_mm: float
    position_mm: NDArray[np.float64]
    pixels: NDArray[np.bool_]


def read_segmentation(path: Path, file_name: str, reader: str) -> list[DrawnSet]:
    """The segments of a file by reader.

    reader: who drew them, where their labels do not say. A segment named as of a small nodule or
    of no nodule is a drawing of a point: only its centre counts.
    Raises FileError naming `file_name` when it is no segmentation, or one that cannot be placed.
    """
    try:
        data = dcmread(path)
        if data.get("SOPClassUID") != SegmentationStorage:
            raise FileError("labels.dicom_other", file=file_name, modality=data.get("Modality"))
        return _sets(data, reader)
    except MALFORMED as error:
        raise FileError("labels.dicom_damaged", file=file_name, problem=error) from error


def _sets(data: Dataset, reader: str) -> list[DrawnSet]:
    series_uid = str(data.ReferencedSeriesSequence[0].SeriesInstanceUID)
    planes = _planes(data)
    found: dict[str, list[Drawn]] = {}
    for segment in data.SegmentSequence:
        number, label = int(segment.SegmentNumber), str(segment.get("SegmentLabel", ""))
        named = READERS_SEGMENT.fullmatch(label)
        who = named["reader"] if named else reader
        marks = found.setdefault(who, [])
        if number in planes:
            voxels = _voxels(data, planes[number])
            name = named["name"] if named else label or str(number)
            kind = KIND[named["kind"]] if named else _kind(segment, label)
            marks.append(_mark(name, kind, voxels))
    return [
        DrawnSet(series_uid=series_uid, reader=who, marks=tuple(marks))
        for who, marks in found.items()
    ]


def _kind(segment: Dataset, label: str) -> MarkKind:
    types = segment.get("SegmentedPropertyTypeCodeSequence") or []
    return kind_of(" ".join([label, *(str(code.get("CodeMeaning", "")) for code in types)]))


def _mark(name: str, kind: MarkKind, voxels: Voxels) -> Drawn:
    if kind in ("nodule", "structure"):
        return Drawn(name=name, kind=kind, shape=voxels)
    index = np.argwhere(voxels.voxels).mean(axis=0)
    center = voxels.affine[:3, :3] @ index + voxels.affine[:3, 3]
    return Drawn(name=name, kind=kind, center=_position(center))


def _planes(data: Dataset) -> dict[int, list[_Plane]]:
    """The frames of each segment that show anything."""
    pixels = data.pixel_array
    frames = pixels[None] if pixels.ndim == 2 else pixels
    if data.SegmentationType == "FRACTIONAL":
        frames = frames >= LEAST_SHARE * int(data.MaximumFractionalValue)
    elif data.SegmentationType != "BINARY":
        raise ValueError(f"SegmentationType {data.SegmentationType}")
    normal = _normal(data)
    found: dict[int, list[_Plane]] = {}
    groups = data.PerFrameFunctionalGroupsSequence
    for group, frame in zip(groups, frames, strict=True):
        if frame.any():
            number = int(
                _group(data, group, "SegmentIdentificationSequence").ReferencedSegmentNumber
            )
            where = _group(data, group, "PlanePositionSequence").ImagePositionPatient
            position = np.array(where, float)
            plane = _Plane(float(normal @ position), position, frame.astype(bool))
            found.setdefault(number, []).append(plane)
    return found


def _voxels(data: Dataset, planes: Sequence[_Plane]) -> Voxels:
    """The frames of one segment on a grid of their own, its planes as far apart as the file's."""
    row, column = _directions(data)
    measures = _group(data, data.PerFrameFunctionalGroupsSequence[0], "PixelMeasuresSequence")
    row_mm, column_mm = map(float, measures.PixelSpacing)
    ordered = sorted(planes, key=lambda plane: plane.at_mm)
    step_mm = _step_mm(data, measures)
    offsets = np.array([plane.at_mm - ordered[0].at_mm for plane in ordered]) / step_mm
    if np.abs(offsets - np.rint(offsets)).max() > EVEN:
        raise ValueError(f"planes are not {step_mm} mm apart")
    numbers = np.rint(offsets).astype(int)
    box = trimmed(np.any([plane.pixels for plane in ordered], axis=0)[None])
    if box is None:
        raise ValueError("empty segment")
    _, top, left = box.origin
    _, height, width = box.voxels.shape
    voxels = np.zeros((numbers[-1] + 1, height, width), bool)
    for number, plane in zip(numbers, ordered, strict=True):
        voxels[number] |= plane.pixels[top : top + height, left : left + width]
    affine = np.eye(4)
    affine[:3, :3] = np.stack([_normal(data) * step_mm, column * row_mm, row * column_mm], axis=1)
    affine[:3, 3] = ordered[0].position_mm + affine[:3, 1] * top + affine[:3, 2] * left
    return Voxels(voxels, affine)


def _step_mm(data: Dataset, measures: Dataset) -> float:
    """Distance of neighbouring planes: as it is said, else the least of the file's frames."""
    said = measures.get("SpacingBetweenSlices")
    if said:
        return abs(float(said))
    normal = _normal(data)
    groups = data.PerFrameFunctionalGroupsSequence
    places = [
        np.array(_group(data, group, "PlanePositionSequence").ImagePositionPatient, float) @ normal
        for group in groups
    ]
    steps = np.diff(np.unique(places))
    steps = steps[steps > ONE_PLANE]
    return float(steps.min()) if len(steps) else float(measures.SliceThickness)


def _normal(data: Dataset) -> NDArray[np.float64]:
    return np.cross(*_directions(data))


def _directions(data: Dataset) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Along a row and along a column (PS3.3 C.7.6.2.1.1); one for the whole file."""
    first = data.PerFrameFunctionalGroupsSequence[0]
    values = _group(data, first, "PlaneOrientationSequence").ImageOrientationPatient
    directions = np.array(values, float).reshape(2, 3)
    return directions[0], directions[1]


def _group(data: Dataset, frame: Dataset, name: str) -> Dataset:
    """An item of the functional groups, of the frame's own or of those that all share."""
    return (frame if name in frame else data.SharedFunctionalGroupsSequence[0])[name].value[0]


def _position(center: NDArray[np.float64]) -> Position:
    x_mm, y_mm, z_mm = center.tolist()
    return x_mm, y_mm, z_mm
