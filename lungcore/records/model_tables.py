"""The tables of models, trainings and comparisons."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lungcore.records.tables import Base, Sha256


class ModelRow(Base):
    """A registered model, never changed: its stage is the fold of its events. Append-only.

    files: sha256 of each file; sha256: of that list, which the folder of the files is named by.
    """

    __tablename__ = "model"

    model_id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), index=True)
    task: Mapped[str]
    name: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str] = mapped_column(Sha256, unique=True)
    files: Mapped[dict[str, Any]]
    card: Mapped[dict[str, Any]]
    origin: Mapped[str] = mapped_column(String(16))
    layers: Mapped[list[Any]]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    created_at: Mapped[datetime]


class ModelEventRow(Base):
    """What was done with a model. Append-only."""

    __tablename__ = "model_event"

    model_event_id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.model_id"), index=True)
    act: Mapped[str] = mapped_column(String(16))
    at: Mapped[datetime]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    second_account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    reason: Mapped[str]
    detail: Mapped[dict[str, Any]]


class TrainingRow(Base):
    """A training: what was asked for, how it stands, and the model that came of it."""

    __tablename__ = "training"

    training_id: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str] = mapped_column(String(128), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    plan: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    model_id: Mapped[int | None] = mapped_column(ForeignKey("model.model_id"))
    error_key: Mapped[str | None]
    error_values: Mapped[dict[str, Any]]
    started_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]


class ComparisonRow(Base):
    """A look at a locked test set with a candidate and the model in use. Append-only."""

    __tablename__ = "model_comparison"

    comparison_id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(String(128), unique=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("model.model_id"), index=True)
    against_id: Mapped[int] = mapped_column(ForeignKey("model.model_id"))
    test_set: Mapped[str] = mapped_column(String(64), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    at: Mapped[datetime]
    result: Mapped[dict[str, Any]]


class StudyInputsRow(Base):
    """What a study looked like to a detection, and where that lies outside of the training data."""

    __tablename__ = "study_inputs"

    detection_id: Mapped[int] = mapped_column(
        ForeignKey("detection.detection_id", ondelete="CASCADE"), primary_key=True
    )
    profile: Mapped[dict[str, Any]]
    reasons: Mapped[list[Any]]
