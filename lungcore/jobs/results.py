"""What an import tells of a series: to the records and to the user."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from lungcore.dicom.header import Slice
from lungcore.dicom.read import read_description
from lungcore.dicom.verdict import Judgement
from lungcore.jobs.gathering import Kept
from lungcore.records.series import SeriesHeader
from lungcore.records.studies import NewInstance, NewSeries, Reason

NO_SPACING = (0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesResult:
    """What became of one series. new: it was not stored just so before.

    patient_id, patient_name, series_description: empty for a series that was not stored.
    """

    series_uid: str
    patient_id: str = ""
    patient_name: str = ""
    series_description: str = ""
    verdict: str
    reasons: tuple[Reason, ...]
    slices: int
    spacing_mm: tuple[float, float, float]
    new: bool
    phantom: bool


def result_of(series: SeriesHeader, *, new: bool) -> SeriesResult:
    """The result of a series that is stored."""
    return SeriesResult(
        series_uid=series.series_uid,
        patient_id=series.patient_id,
        patient_name=series.patient_name,
        series_description=series.series_description,
        verdict=series.verdict,
        reasons=series.reasons,
        slices=series.slices,
        spacing_mm=series.spacing_mm,
        new=new,
        phantom=series.phantom,
    )


def refused(series_uid: str, reasons: tuple[Reason, ...], slices: int) -> SeriesResult:
    """The result of a series that was not stored."""
    return SeriesResult(
        series_uid=series_uid,
        verdict="refuse",
        reasons=reasons,
        slices=slices,
        spacing_mm=NO_SPACING,
        new=False,
        phantom=False,
    )


def new_series(files: Sequence[Kept], judgement: Judgement, pixel_hash: str = "") -> NewSeries:
    """What the records are told of a series; zeros for the geometry of one that makes no volume."""
    stack = judgement.stack
    first = stack.slices[0] if stack else Slice(files[0].header, files[0].header.frames[0])
    affine = stack.affine if stack else np.zeros((4, 4))
    return NewSeries(
        **asdict(read_description(first.header.path, first.header.file_name)),
        series_uid=first.header.series_uid,
        slice_thickness_mm=first.frame.slice_thickness_mm,
        verdict=judgement.verdict,
        reasons=tuple(Reason(remark.key, remark.values) for remark in judgement.remarks),
        slices=len(stack.slices) if stack else sum(len(file.header.frames) for file in files),
        rows=first.header.pixels.rows,
        columns=first.header.pixels.columns,
        spacing_mm=stack.spacing_mm if stack else NO_SPACING,
        affine=tuple(map(float, affine.ravel())),
        frame_of_reference_uid=first.header.frame_of_reference_uid,
        pixel_hash=pixel_hash,
        instances=tuple(_instance(file) for file in files),
    )


def _instance(file: Kept) -> NewInstance:
    return NewInstance(
        sop_uid=file.header.sop_uid,
        sha256=file.sha256,
        size_bytes=file.header.size_bytes,
        transfer_syntax_uid=file.header.pixels.transfer_syntax_uid,
        file_name=file.header.file_name,
    )
