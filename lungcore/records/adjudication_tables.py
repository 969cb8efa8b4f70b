"""The table of adjudications, and which of the layers that they made count."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Select, String, func, select, tuple_
from sqlalchemy.orm import Mapped, mapped_column

from lungcore.records.tables import Base, LabelLayerRow

SOURCE = "adjudicated"  # of the layers


class AdjudicationEventRow(Base):
    """One act of an adjudicator on a series (`findings.adjudication`). Append-only.

    label_layer_id: the layer that a finish made.
    """

    __tablename__ = "adjudication_event"

    series_id: Mapped[int] = mapped_column(ForeignKey("series.series_id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.account_id"))
    kind: Mapped[str] = mapped_column(String(16), index=True)
    payload: Mapped[dict[str, Any]]
    label_layer_id: Mapped[int | None] = mapped_column(ForeignKey("label_layer.label_layer_id"))


def counting() -> Select[int | None]:
    """The ids of the layers that count: of the last finish of a series, unless withdrawn since."""
    event = AdjudicationEventRow
    last = (
        select(event.series_id, func.max(event.seq))
        .where(event.kind.in_(("finish", "withdraw")))
        .group_by(event.series_id)
    )
    return select(event.label_layer_id).where(
        event.kind == "finish", tuple_(event.series_id, event.seq).in_(last)
    )


def is_of_file() -> ColumnElement[bool]:
    """Whether a layer is what a reader said in a file, and no adjudicator's."""
    return LabelLayerRow.source != SOURCE


def counts() -> ColumnElement[bool]:
    """Whether a layer is an adjudicator's that counts."""
    return LabelLayerRow.label_layer_id.in_(counting())
