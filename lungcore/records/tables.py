"""The tables. Rows stay inside `records`: its functions hand out frozen dataclasses.

A series carries its patient's and study's attributes, as every DICOM header does: the worklist
then filters and sorts on the indexes of one table.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC; SQLite alone would drop the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"datetime must have a time zone: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Every constraint has a name, so that a later migration can change it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way to say it
        datetime: UtcDateTime,
        dict[str, Any]: JSON,
        list[Any]: JSON,
        str: Text,
    }


Uid = String(64)  # PS3.5 6.2: a UID has at most 64 characters
Sha256 = String(64)


class SeriesRow(Base):
    """An imported series; `state`, `findings` and `malignancy` are kept by `records.summary`."""

    __tablename__ = "series"

    series_id: Mapped[int] = mapped_column(primary_key=True)
    series_uid: Mapped[str] = mapped_column(Uid, unique=True)
    study_uid: Mapped[str] = mapped_column(Uid, index=True)
    patient_id: Mapped[str] = mapped_column(index=True)
    patient_name: Mapped[str] = mapped_column(index=True)
    patient_birth_date: Mapped[str]
    patient_sex: Mapped[str]
    study_date: Mapped[str] = mapped_column(String(10), index=True)
    study_time: Mapped[str]
    study_description: Mapped[str]
    accession_number: Mapped[str]
    series_number: Mapped[int | None]
    series_description: Mapped[str]
    manufacturer: Mapped[str]
    convolution_kernel: Mapped[str]
    body_part: Mapped[str]
    slice_thickness_mm: Mapped[float | None]
    verdict: Mapped[str] = mapped_column(String(8), index=True)
    reasons: Mapped[list[Any]]
    slices: Mapped[int]
    rows: Mapped[int]
    columns: Mapped[int]
    spacing_mm: Mapped[list[Any]]
    affine: Mapped[list[Any]]
    frame_of_reference_uid: Mapped[str] = mapped_column(Uid)
    pixel_hash: Mapped[str] = mapped_column(Sha256, index=True)
    phantom: Mapped[bool]
    imported_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    findings: Mapped[int] = mapped_column(index=True)
    malignancy: Mapped[float | None] = mapped_column(index=True)
    search_text: Mapped[str]

    # Holds all that the worklist filters by: such a query reads this index and not the rows.
    __table_args__ = (Index("ix_series_filter", "search_text", "state", "verdict"),)


class InstanceRow(Base):
    """One file of a series."""

    __tablename__ = "instance"

    instance_id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.series_id", ondelete="CASCADE"))
    sop_uid: Mapped[str] = mapped_column(Uid)
    sha256: Mapped[str] = mapped_column(Sha256, index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    transfer_syntax_uid: Mapped[str] = mapped_column(Uid)
    file_name: Mapped[str]

    __table_args__ = (UniqueConstraint("series_id", "sop_uid", "sha256"),)


class AccountRow(Base):
    """A person who may sign in."""

    __tablename__ = "account"

    account_id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str]
    roles: Mapped[list[Any]]
    language: Mapped[str] = mapped_column(String(8))
    disabled: Mapped[bool]
    created_at: Mapped[datetime]


class LoginRow(Base):
    """A signed-in browser; the token itself is not kept."""

    __tablename__ = "login"

    token_sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey("account.account_id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(index=True)
    last_seen_at: Mapped[datetime]


class AttemptRow(Base):
    """A sign-in that has not succeeded; the name is hashed, as people type passwords there."""

    __tablename__ = "sign_in_attempt"

    attempt_id: Mapped[int] = mapped_column(primary_key=True)
    username_sha256: Mapped[str] = mapped_column(Sha256, index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class SetupRow(Base):
    """The one-time token that makes the first account."""

    __tablename__ = "setup"

    token_sha256: Mapped[str] = mapped_column(Sha256, primary_key=True)


class DetectionRow(Base):
    """One run of the detector on a series."""

    __tablename__ = "detection"

    detection_id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(
        ForeignKey("series.series_id", ondelete="CASCADE"), index=True
    )
    job_id: Mapped[str] = mapped_column(String(128), unique=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    state: Mapped[str] = mapped_column(String(16))
    models: Mapped[dict[str, Any]]
    seconds: Mapped[dict[str, Any]]
    error_key: Mapped[str | None]
    error_values: Mapped[dict[str, Any]]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class MachineFindingRow(Base):
    """A finding as a detection left it; readings never change it."""

    __tablename__ = "machine_finding"

    detection_id: Mapped[int] = mapped_column(
        ForeignKey("detection.detection_id", ondelete="CASCADE"), primary_key=True
    )
    rank: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    finding_uid: Mapped[str] = mapped_column(Uid, unique=True)
    x_mm: Mapped[float]
    y_mm: Mapped[float]
    z_mm: Mapped[float]
    diameter_mm: Mapped[float]
    probability: Mapped[float]
    malignancy: Mapped[float | None]
    attributes: Mapped[dict[str, Any] | None]


class LayerRow(Base):
    """What a detection shows over the images; of a finding when it has a rank."""

    __tablename__ = "layer"

    detection_id: Mapped[int] = mapped_column(
        ForeignKey("detection.detection_id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16))
    rank: Mapped[int | None]
    origin: Mapped[list[Any]]
    step: Mapped[list[Any]]
    shape: Mapped[list[Any]]
    top: Mapped[float]
    sha256: Mapped[str] = mapped_column(Sha256)


class ReadingRow(Base):
    """One reader's look at a series; what it holds is the fold of its events.

    round: 0 for the reader's own, else the id of the round that asked for it.
    """

    __tablename__ = "reading"

    reading_id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.series_id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"), index=True)
    round: Mapped[int]
    detection_id: Mapped[int | None] = mapped_column(ForeignKey("detection.detection_id"))
    version: Mapped[int]
    events: Mapped[int]
    findings: Mapped[int]
    malignancy: Mapped[float | None]
    opened_at: Mapped[datetime]
    saved_at: Mapped[datetime | None]
    signed_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("series_id", "account_id", "round"),)


class EventRow(Base):
    """One act of a reader. Rows are only ever added: triggers refuse all else."""

    __tablename__ = "review_event"

    reading_id: Mapped[int] = mapped_column(ForeignKey("reading.reading_id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_uid: Mapped[str] = mapped_column(String(64), unique=True)
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    kind: Mapped[str] = mapped_column(String(16))
    payload: Mapped[dict[str, Any]]


class LabelFileRow(Base):
    """A file of labels as it came; the file itself is kept with the originals. Append-only."""

    __tablename__ = "label_file"

    label_file_id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    file_name: Mapped[str]
    format: Mapped[str] = mapped_column(String(16))
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    imported_at: Mapped[datetime]


class LabelWaitingRow(Base):
    """A file of labels whose series has not been imported yet; gone once they are placed on it."""

    __tablename__ = "label_waiting"

    label_file_id: Mapped[int] = mapped_column(
        ForeignKey("label_file.label_file_id"), primary_key=True
    )
    series_uid: Mapped[str] = mapped_column(Uid, primary_key=True, index=True)


class LabelLayerRow(Base):
    """What one reader says of a series, never changed: a consensus is another layer. Append-only.

    content_sha256 is of reader, marks and `outside`, so that a dataset can name what it froze.
    """

    __tablename__ = "label_layer"

    label_layer_id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.series_id"), index=True)
    label_file_id: Mapped[int | None] = mapped_column(ForeignKey("label_file.label_file_id"))
    reader: Mapped[str] = mapped_column(index=True)
    source: Mapped[str] = mapped_column(String(16))
    nodules: Mapped[int]
    marks: Mapped[list[Any]]
    outside: Mapped[list[Any]]
    content_sha256: Mapped[str] = mapped_column(Sha256, index=True)
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("label_file_id", "series_id", "reader"),)


class AuditRow(Base):
    """One line of the audit trail. Rows are only ever added: triggers refuse all else."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]  # canonical JSON, as it was hashed
    previous_sha256: Mapped[str] = mapped_column(Sha256)
    sha256: Mapped[str] = mapped_column(Sha256)


class AuditHeadRow(Base):
    """The end of the audit trail: locked by who appends, and so that a cut end is noticed."""

    __tablename__ = "audit_head"

    head_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    sha256: Mapped[str] = mapped_column(Sha256)


class ExecutorRow(Base):
    """A worker, and when it last said that it lives."""

    __tablename__ = "executor"

    executor_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime]
