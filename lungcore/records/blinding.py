"""What a reader must not see, asked by every route before it sends anything.

While a round is open, its readers have one reading of each of its series: that of the round. In a
blinded round they are told nothing of other readings, and nothing of the machine's where the round
hides it. The patient's other series show the same nodules: they stay shut until it is closed.
"""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from lungcore.errors import LungcoreError
from lungcore.records.round_tables import AssignmentRow, RoundRow
from lungcore.records.series import find_series
from lungcore.records.tables import SeriesRow


def round_of(session: Session, series: SeriesRow, account_id: int) -> RoundRow | None:
    """The open round in which the account reads the series, or None.

    Raises LungcoreError for a series that a blinded round elsewhere on the patient shuts.
    """
    own = session.scalar(
        select(RoundRow)
        .join(AssignmentRow)
        .where(
            AssignmentRow.series_id == series.series_id,
            AssignmentRow.account_id == account_id,
            RoundRow.closed_at.is_(None),
        )
    )
    if own is None and session.scalar(_shutting(series, account_id).limit(1)) is not None:
        raise LungcoreError("records.patient_blinded")
    return own


def hides_machine(session: Session, series_uid: str, account_id: int) -> bool:
    """Whether a round hides from the account what the machine found. Raises as `round_of`."""
    found = round_of(session, find_series(session, series_uid), account_id)
    return found is not None and found.machine_hidden


def check_machine(session: Session, series_uid: str, account_id: int) -> None:
    """Raise LungcoreError where the account must not see what the machine found."""
    if hides_machine(session, series_uid, account_id):
        raise LungcoreError("records.machine_hidden")


def is_blinded(session: Session, account_id: int) -> bool:
    """Whether the account reads in an open blinded round at all."""
    blinded = select(RoundRow.round_id).where(
        RoundRow.closed_at.is_(None),
        RoundRow.blinded,
        exists().where(
            AssignmentRow.round_id == RoundRow.round_id, AssignmentRow.account_id == account_id
        ),
    )
    return session.scalar(blinded.limit(1)) is not None


def hidden(
    session: Session, account_id: int, series_ids: Collection[int] | None = None
) -> Select[int]:
    """The ids of the series whose findings the account must not see; of `series_ids` only."""
    query = select(SeriesRow.series_id).where(is_hidden(account_id))
    return query if series_ids is None else query.where(SeriesRow.series_id.in_(series_ids))


def shown(
    session: Session, series_id: InstrumentedAttribute[int], account_id: int | None
) -> list[ColumnElement[bool]]:
    """What a query asks for to leave out series that the account must not see the findings of.

    account_id: None of who sees all.
    """
    if account_id is None or not is_blinded(session, account_id):
        return []
    return [series_id.not_in(hidden(session, account_id).correlate(None))]


def hidden_uids(session: Session, account_id: int | None) -> set[str]:
    """The series whose findings the account must not see. account_id: None of who sees all."""
    if account_id is None or not is_blinded(session, account_id):
        return set()
    return set(session.scalars(select(SeriesRow.series_uid).where(is_hidden(account_id))))


def is_hidden(account_id: int) -> ColumnElement[bool]:
    """Whether the account must not see the findings of the series of a row of its table.

    Looked up series by series in indexes: a page of rows costs the same however large rounds are.
    """
    other = aliased(SeriesRow)
    of_patient = select(other.series_id).where(
        other.patient_id != "",
        other.patient_id == SeriesRow.patient_id,
        other.patient_birth_date == SeriesRow.patient_birth_date,
        _is_case(other.series_id, account_id),
    )
    return or_(_is_case(SeriesRow.series_id, account_id), of_patient.correlate(SeriesRow).exists())


def _is_case(series_id: InstrumentedAttribute[int], account_id: int) -> ColumnElement[bool]:
    blinded = select(RoundRow.round_id).where(RoundRow.closed_at.is_(None), RoundRow.blinded)
    return exists().where(
        AssignmentRow.series_id == series_id,
        AssignmentRow.account_id == account_id,
        AssignmentRow.round_id.in_(blinded),
    )


def _shutting(series: SeriesRow, account_id: int) -> Select[int]:
    other = aliased(SeriesRow)
    return select(other.series_id).where(
        other.patient_id != "",
        other.patient_id == series.patient_id,
        other.patient_birth_date == series.patient_birth_date,
        _is_case(other.series_id, account_id),
    )
