"""Records as the JSON that the browser reads; texts in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lungcore.errors import LungcoreError
from lungcore.findings.attributes import words
from lungcore.findings.finding import Finding
from lungcore.jobs.client import JobsClient, JobStatus
from lungcore.language import text
from lungcore.records.detections import DetectionRecord
from lungcore.records.layers import LayerRecord
from lungcore.records.pixels import CHUNK_SLICES
from lungcore.records.readings import ReadingRecord
from lungcore.records.studies import Reason, SeriesRecord

# In place of any other state of the machine's search, which a round may hide.
HIDDEN_DETECTION: Mapping[str, Any] = {
    "job_id": None,
    "state": "hidden",
    "step": "",
    "fraction": 0.0,
    "error": None,
    "models": {},
}
SERIES_FIELDS = (
    "series_uid",
    "patient_id",
    "patient_name",
    "patient_birth_date",
    "patient_sex",
    "study_date",
    "study_description",
    "series_description",
    "slices",
    "rows",
    "columns",
    "spacing_mm",
    "affine",
    "verdict",
    "phantom",
    "slice_thickness_mm",
    "convolution_kernel",
)


def describe_series(
    series: SeriesRecord, language: str, odd: Sequence[Reason] = ()
) -> dict[str, Any]:
    """What the banner and the geometry of the viewer need.

    odd: where the series lies outside of what the models learnt from; told with its warnings.
    """
    answer = {name: getattr(series, name) for name in SERIES_FIELDS}
    answer["reasons"] = [reason.text(language) for reason in (*series.reasons, *odd)]
    return answer


def describe_pixels(series: SeriesRecord) -> dict[str, Any]:
    """What the viewer asks the chunks of the volume by."""
    return {
        "chunks": -(-series.slices // CHUNK_SLICES),
        "chunk_slices": CHUNK_SLICES,
        "volume": series.pixel_hash,
    }


def describe_reading(reading: ReadingRecord) -> dict[str, Any]:
    """The reading, its findings as they now stand, and what there is to undo and to redo."""
    return {
        "reading": {
            "reading_id": reading.reading_id,
            "version": reading.version,
            "signed": reading.state.signed,
            "signed_at": reading.signed_at.isoformat() if reading.signed_at else None,
            "reader": reading.reader_name,
            "round": reading.round.name if reading.round else None,
            "saved_at": reading.last_saved_at.isoformat() if reading.last_saved_at else None,
        },
        "findings": [describe_finding(finding) for finding in reading.state.findings],
        "scan": asdict(reading.state.scan),
        "can_undo": reading.state.can_undo,
        "undo_target": reading.state.undo_target,
        "can_redo": reading.state.can_redo,
        "redo_target": reading.state.redo_target,
    }


def describe_finding(finding: Finding) -> dict[str, Any]:
    """The finding, with the keys of the words that its attributes say."""
    return asdict(finding) | {"words": words(finding.attributes) if finding.attributes else ()}


def describe_layer(layer: LayerRecord) -> dict[str, Any]:
    """Where a layer lies and what it shows; its id leads to its values."""
    answer = asdict(layer)
    return {"id": answer.pop("sha256"), **answer}


def describe_job(status: JobStatus, language: str) -> dict[str, Any]:
    """State, present step, share done, and the reason when it failed."""
    error = None
    if status.error is not None:
        key, values = status.error
        error = text(key, language, **values)
    return {
        "job_id": status.job_id,
        "kind": status.kind,
        "state": status.state,
        "step": text(status.step, language) if status.step else "",
        "fraction": status.fraction,
        "error": error,
    }


def describe_detection(
    detection: DetectionRecord | None, jobs: JobsClient, language: str
) -> dict[str, Any]:
    """The latest detection of a series; its progress is asked of the job while it runs."""
    if detection is None:
        return {"job_id": None, "state": "none", "step": "", "fraction": 0.0, "error": None}
    if detection.state == "running":
        try:
            return describe_job(jobs.status(detection.job_id), language) | {"models": {}}
        except LungcoreError as gone:
            # The worker will set the record right; until then the series must still open.
            return _not_running(detection, "failed", gone.text(language))
    error = None
    if detection.error is not None:
        key, values = detection.error
        error = text(key, language, **values)
    return _not_running(detection, detection.state, error)


def _not_running(detection: DetectionRecord, state: str, error: str | None) -> dict[str, Any]:
    return {
        "job_id": detection.job_id,
        "state": state,
        "step": "",
        "fraction": 1.0,
        "error": error,
        "models": dict(detection.models),
    }
