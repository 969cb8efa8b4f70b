"""Reference cases: series of a round whose answer is known, and what readers made of them.

Which they are is told to nobody: the order does not show it, and a round that has any is blinded.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, insert, or_, select, tuple_
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.findings.labels import LabelSet
from lungcore.findings.references import ReferenceRead
from lungcore.records import blinding, label_layers, signed
from lungcore.records.adjudication_tables import counts, is_of_file
from lungcore.records.round_tables import ReferenceRow
from lungcore.records.signed import SignedReading
from lungcore.records.tables import AccountRow, LabelLayerRow, ReadingRow, SeriesRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A layer that can be the answer of its series. nodules: of 3 mm or more."""

    layer_id: int
    series_uid: str
    patient_id: str
    study_date: str
    nodules: int


def readers(session: Session, shown_to: int) -> list[str]:
    """Whose layers can be answers, as far as rounds do not hide them from the account."""
    shown = blinding.shown(session, LabelLayerRow.series_id, shown_to)
    query = select(LabelLayerRow.reader).where(_can_answer(), *shown)
    return sorted(session.scalars(query.distinct()))


def answers(session: Session, reader: str, shown_to: int) -> list[Answer]:
    """A reader's latest layer of each series, by patient and date; none that does not tell all."""
    rows = session.execute(
        select(LabelLayerRow.label_layer_id, LabelLayerRow.nodules, LabelLayerRow.outside)
        .add_columns(SeriesRow.series_uid, SeriesRow.patient_id, SeriesRow.study_date)
        .join(SeriesRow)
        .where(
            _can_answer(),
            LabelLayerRow.reader == reader,
            SeriesRow.verdict != "refuse",
            *blinding.shown(session, LabelLayerRow.series_id, shown_to),
        )
        .order_by(LabelLayerRow.label_layer_id)
    )
    latest = {row.series_uid: row for row in rows}
    found = [
        Answer(
            layer_id=row.label_layer_id,
            series_uid=row.series_uid,
            patient_id=row.patient_id,
            study_date=row.study_date,
            nodules=row.nodules,
        )
        for row in latest.values()
        if not row.outside
    ]
    return sorted(found, key=lambda one: (one.patient_id, one.study_date, one.series_uid))


def answered_by(session: Session, layer_ids: Collection[int]) -> dict[int, int]:
    """The layers by the ids of their series.

    Raises LungcoreError for one that is unknown, withdrawn or does not tell all, and for two of one
    series.
    """
    columns = LabelLayerRow.series_id, LabelLayerRow.label_layer_id, LabelLayerRow.outside
    query = select(*columns).where(LabelLayerRow.label_layer_id.in_(layer_ids), _can_answer())
    whole = [row for row in session.execute(query) if not row.outside]
    found = {row.series_id: row.label_layer_id for row in whole}
    if len(found) != len(set(layer_ids)):
        raise LungcoreError("records.reference_layers")
    return found


def _can_answer() -> ColumnElement[bool]:
    """Whether a layer is of a file, or an adjudicator's that counts."""
    return or_(is_of_file(), counts())


def keep(session: Session, round_id: int, answered: Mapping[int, int]) -> None:
    """Remember which layer answers which series of a round. For this package."""
    rows = [
        {"round_id": round_id, "series_id": series_id, "label_layer_id": layer_id}
        for series_id, layer_id in answered.items()
    ]
    if rows:
        session.execute(insert(ReferenceRow), rows)


def reads(session: Session, shown_to: int) -> list[ReferenceRead]:
    """The signed readings of reference cases that rounds do not hide from the account."""
    kept = select(ReferenceRow.round_id, ReferenceRow.series_id)
    found = signed.signed_or_excluded(
        session,
        tuple_(ReadingRow.round, ReadingRow.series_id).in_(kept),
        *blinding.shown(session, ReadingRow.series_id, shown_to),
    )
    if not found:
        return []
    answer_of, names = _answers(session), _names(session)
    told = []
    for reading in found:
        account_id, round_id = signed.account_of(reading.reader) or (0, 0)
        told.append(_read(reading, names[account_id], answer_of[round_id, reading.series_id]))
    return told


def _read(reading: SignedReading, reader: str, answer: LabelSet) -> ReferenceRead:
    is_scored = reading.is_decided and not reading.state.scan.excluded
    return ReferenceRead(
        reader=reader,
        month=f"{reading.signed_at:%Y-%m}",
        marks=reading.labels() if is_scored else None,
        answer=answer,
    )


def _answers(session: Session) -> dict[tuple[int, int], LabelSet]:
    rows = session.execute(
        select(ReferenceRow.round_id, ReferenceRow.series_id, SeriesRow.series_uid)
        .add_columns(LabelLayerRow.reader, LabelLayerRow.marks)
        .join(LabelLayerRow, LabelLayerRow.label_layer_id == ReferenceRow.label_layer_id)
        .join(SeriesRow, SeriesRow.series_id == ReferenceRow.series_id)
    )
    return {
        (round_id, series_id): LabelSet(
            series_uid=uid,
            reader=reader,
            marks=tuple(label_layers.place_of(mark) for mark in marks),
        )
        for round_id, series_id, uid, reader, marks in rows
    }


def _names(session: Session) -> dict[int, str]:
    """Of accounts, told apart where two are called the same."""
    rows = session.execute(
        select(AccountRow.account_id, AccountRow.display_name, AccountRow.username)
    )
    return {account_id: f"{name} ({username})" for account_id, name, username in rows}
