"""What is said of a series: as the importer hands it in, and as it is remembered."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal, Protocol, Self

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore import language
from lungcore.errors import LungcoreError
from lungcore.findings.labels import Grid
from lungcore.findings.mask import Index
from lungcore.records.tables import SeriesRow

Verdict = Literal["accept", "warn", "refuse"]
SeriesState = Literal["refused", "imported", "detecting", "ready", "in_review", "signed"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is what it is: a text of the catalogue and what fills it in (JSON values)."""

    key: str
    values: Mapping[str, Any]

    def text(self, code: str = language.DEFAULT_LANGUAGE) -> str:
        """The reason in the language `code`."""
        return language.text(self.key, code, **self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInstance:
    """One file of a series. `file_name` is the name that the user gave it."""

    sop_uid: str
    sha256: str
    size_bytes: int
    transfer_syntax_uid: str
    file_name: str


InstanceRecord = NewInstance


class Voxelled(Protocol):
    """What has the voxels of a series: enough to place a mask on it."""

    @property
    def series_uid(self) -> str: ...
    @property
    def shape(self) -> Index: ...
    @property
    def grid(self) -> Grid: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesHeader:
    """The attributes of a series.

    patient_birth_date, study_date: ISO yyyy-mm-dd or "".
    spacing_mm: along (slice, row, column).
    affine: 16 numbers, row by row; takes (slice, row, column, 1) to (x, y, z, 1) in LPS mm.
    pixel_hash: of the stored volume; "" when the series is refused and has none.
    phantom: made by a program, of no patient.
    """

    series_uid: str
    study_uid: str
    patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    study_date: str
    study_time: str
    study_description: str
    accession_number: str
    series_number: int | None
    series_description: str
    manufacturer: str
    convolution_kernel: str
    body_part: str
    slice_thickness_mm: float | None
    verdict: Verdict
    reasons: tuple[Reason, ...]
    slices: int
    rows: int
    columns: int
    spacing_mm: tuple[float, float, float]
    affine: tuple[float, ...]
    frame_of_reference_uid: str
    pixel_hash: str
    phantom: bool

    @property
    def shape(self) -> Index:
        """How many slices, rows and columns."""
        return self.slices, self.rows, self.columns

    @property
    def grid(self) -> Grid:
        """The voxels of the series."""
        return Grid(self.shape, np.array(self.affine, float).reshape(4, 4))

    def columns_of_row(self) -> dict[str, Any]:
        """The attributes as columns of the table."""
        values = {field.name: getattr(self, field.name) for field in fields(SeriesHeader)}
        values["reasons"] = [{"key": r.key, "values": dict(r.values)} for r in self.reasons]
        return values | {"spacing_mm": list(self.spacing_mm), "affine": list(self.affine)}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSeries(SeriesHeader):
    """A series as the importer hands it in, with its files."""

    instances: tuple[NewInstance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRecord(SeriesHeader):
    """A series as it is remembered.

    findings: those not rejected; malignancy: their highest, 0 to 1, or None.
    """

    state: SeriesState
    findings: int
    malignancy: float | None
    imported_at: datetime

    @classmethod
    def of_row(cls, row: SeriesRow) -> Self:
        """The record of a row."""
        values = {field.name: getattr(row, field.name) for field in fields(cls)}
        values["reasons"] = reasons_of(row.reasons)
        return cls(**values | {"spacing_mm": tuple(row.spacing_mm), "affine": tuple(row.affine)})


def reasons_of(stored: list[Any]) -> tuple[Reason, ...]:
    """Reasons from their column."""
    return tuple(Reason(reason["key"], reason["values"]) for reason in stored)


def find_series(session: Session, series_uid: str, *, lock: bool = False) -> SeriesRow:
    """The row of a series, for this package. Raises LungcoreError records.series_unknown."""
    query = select(SeriesRow).where(SeriesRow.series_uid == series_uid)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    row = session.scalar(query)
    if row is None:
        raise LungcoreError("records.series_unknown", series_uid=series_uid)
    return row
