"""The table of dataset versions."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lungcore.records.tables import Base, Sha256


class DatasetRow(Base):
    """A frozen version; dataset_id is the SHA-256 of `manifest`. Append-only.

    name, frozen_at, account_id and balance (`findings.balance`) are beside what was hashed.
    """

    __tablename__ = "dataset"

    dataset_id: Mapped[str] = mapped_column(Sha256, primary_key=True)
    manifest: Mapped[str] = mapped_column(deferred=True)
    balance: Mapped[dict[str, Any]]
    name: Mapped[str]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.account_id"))
    frozen_at: Mapped[datetime] = mapped_column(index=True)
