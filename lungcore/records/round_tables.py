"""The tables of rounds: who is to read which series, and how."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from lungcore.records.tables import Base

OWN = 0  # in the place of a round: the reading is the reader's own


class RoundRow(Base):
    """One pass of readers over series; `reads` is by how many of them each is read."""

    __tablename__ = "reading_round"

    round_id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    blinded: Mapped[bool]
    machine_hidden: Mapped[bool]
    strategy: Mapped[str] = mapped_column(String(16))
    reads: Mapped[int]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    made_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class AssignmentRow(Base):
    """A case that one reader may take; who holds its lease or has signed takes one of the reads.

    state: of records.leases.AssignmentState. place: by the round's strategy, from 0.
    """

    __tablename__ = "assignment"

    round_id: Mapped[int] = mapped_column(ForeignKey("reading_round.round_id"), primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.series_id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"), primary_key=True)
    priority: Mapped[int]
    place: Mapped[int]
    state: Mapped[str] = mapped_column(String(8))
    lease_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    __table_args__ = (
        # The next case is the first entry; what is left is counted in it.
        Index("ix_assignment_queue", "account_id", "state", "priority", "round_id", "place"),
        Index("ix_assignment_series_id_account_id", "series_id", "account_id"),
        Index("ix_assignment_account_id_round_id", "account_id", "round_id"),
        Index("ix_assignment_account_id_lease_until", "account_id", "lease_until"),
    )


class ReferenceRow(Base):
    """A case of a round whose answer is known: the layer of labels that is it. Append-only.

    Nothing that a reader of an open round is sent may depend on this table.
    """

    __tablename__ = "reference_case"

    round_id: Mapped[int] = mapped_column(ForeignKey("reading_round.round_id"), primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.series_id"), primary_key=True)
    label_layer_id: Mapped[int] = mapped_column(ForeignKey("label_layer.label_layer_id"))
