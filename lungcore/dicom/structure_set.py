"""Read radiotherapy structure sets (RTSTRUCT; PS3.3 A.19, C.8.8.5, C.8.8.6): a mark a structure."""

from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.uid import RTStructureSetStorage

from lungcore.dicom.problems import MALFORMED, FileError
from lungcore.findings.labels import Drawn, DrawnSet, Outline, kind_of

CLOSED = ("CLOSED_PLANAR", "CLOSEDPLANAR_XOR")
TARGET = "GTV"  # gross tumour volume


def read_structure_set(path: Path, file_name: str, reader: str) -> list[DrawnSet]:
    """The structures of a file, outlined on the series that it refers to.

    reader: who outlined them. A line within another is a hole in it.
    Raises FileError naming `file_name` when it is no structure set or does not name its series.
    """
    try:
        data = dcmread(path)
        if data.get("SOPClassUID") != RTStructureSetStorage:
            raise FileError("labels.dicom_other", file=file_name, modality=data.get("Modality"))
        marks = _marks(data)
        return [DrawnSet(series_uid=uid, reader=reader, marks=marks) for uid in _series(data)]
    except MALFORMED as error:
        raise FileError("labels.dicom_damaged", file=file_name, problem=error) from error


def _series(data: Dataset) -> list[str]:
    found = [
        str(series.SeriesInstanceUID)
        for frame in data.ReferencedFrameOfReferenceSequence
        for study in frame.get("RTReferencedStudySequence") or []
        for series in study.get("RTReferencedSeriesSequence") or []
    ]
    if not found:
        raise ValueError("no RTReferencedSeriesSequence")
    return found


def _marks(data: Dataset) -> tuple[Drawn, ...]:
    names = {int(r.ROINumber): str(r.get("ROIName", "")) for r in data.StructureSetROISequence}
    types = {
        int(o.ReferencedROINumber): str(o.get("RTROIInterpretedType", ""))
        for o in data.get("RTROIObservationsSequence") or []
    }
    marks = []
    for structure in data.ROIContourSequence:
        number = int(structure.ReferencedROINumber)
        outlines = tuple(
            _outline(contour)
            for contour in structure.get("ContourSequence") or []
            if contour.ContourGeometricType in CLOSED
        )
        if outlines:
            name = names.get(number) or str(number)
            kind = "nodule" if types.get(number) == TARGET else kind_of(name)
            marks.append(Drawn(name=name, kind=kind, shape=outlines))
    return tuple(marks)


def _outline(contour: Dataset) -> Outline:
    points = np.array(contour.ContourData, float).reshape(-1, 3)
    if not np.isfinite(points).all() or not len(points):
        raise ValueError("ContourData")
    return Outline(points, "toggle")
