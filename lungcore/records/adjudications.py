"""Adjudications: what readers said of a series, decided nodule by nodule, kept as events.

A begin keeps the readers' marks as they were, so that decisions are about what was seen, whatever
readers say later. A finish adds a layer of labels; nothing is ever changed or taken away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.findings.adjudication import Adjudication, Event, Kind, check, fold, step
from lungcore.findings.disagreement import decided
from lungcore.findings.labels import LabelSet
from lungcore.records import audit, blinding, label_layers, laying_out, signed
from lungcore.records.adjudication_tables import AdjudicationEventRow
from lungcore.records.identity import actor_name
from lungcore.records.label_layers import LayerRecord
from lungcore.records.masks import MaskStore
from lungcore.records.series import SeriesRecord, find_series
from lungcore.records.tables import AccountRow, SeriesRow

AUDITED = ("finish", "reopen", "withdraw")


class AdjudicationChanged(LungcoreError):  # noqa: N818 - not a fault: somebody was faster
    """The adjudication is no longer as it was when the event was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One event of the history, with when and by whom."""

    event: Event
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjudicationRecord:
    """An adjudication as it stands.

    names: of its readers, as people know them. is_stale: readers say otherwise by now.
    """

    series: SeriesRecord
    state: Adjudication
    history: Sequence[Act]
    names: Sequence[str]
    is_stale: bool

    @property
    def sets(self) -> list[LabelSet]:
        """What the readers said, without voxels."""
        return laying_out.sets(self.state.readers, self.series)


def load(session: Session, series_uid: str, account_id: int) -> AdjudicationRecord:
    """The adjudication of a series, which may not have begun.

    Raises LungcoreError when the series is unknown, fewer than two readers have spoken of it, or a
    blinded round hides from the account what they said.
    """
    series = find_series(session, series_uid)
    check_may_see(session, series, account_id)
    rows = _rows(session, series.series_id)
    state = fold([_event(row) for row in rows])
    said = laying_out.whole(session, series_uid)
    if not state.is_begun and len(said) < 2:
        raise LungcoreError("adjudication.one_reader")
    return AdjudicationRecord(
        series=SeriesRecord.of_row(series),
        state=state,
        history=[
            Act(event=_event(row), at=row.at, by=_person(session, row.account_id)) for row in rows
        ],
        names=[_name(session, reader["reader"]) for reader in state.readers],
        is_stale=laying_out.sources(state.readers) != sorted(one.labels for one in said),
    )


def append(
    session: Session,
    series_uid: str,
    *,
    kind: str,
    payload: Mapping[str, Any],
    account_id: int,
    expected_seq: int,
    masks: MaskStore,
) -> AdjudicationRecord:
    """Add an event. kind, payload: as `lungcore.findings.adjudication` lists them; a begin is {}.

    Raises AdjudicationChanged when it is not at `expected_seq`, and LungcoreError as `load`, or
    when it cannot take the event.
    """
    series = find_series(session, series_uid, lock=True)
    check_may_see(session, series, account_id)
    rows = _rows(session, series.series_id)
    state = fold([_event(row) for row in rows])
    if state.seq != expected_seq:
        raise AdjudicationChanged("adjudication.changed")
    check(state, kind, payload)
    if kind == "begin":
        payload = laying_out.lay_out(session, SeriesRecord.of_row(series), masks)
    event = Event(state.seq + 1, account_id, cast(Kind, kind), payload)
    state = step(state, event)
    layer = None
    if kind == "finish":
        layer = _finish(session, series, state, account_id, masks)
    session.add(
        AdjudicationEventRow(
            series_id=series.series_id,
            seq=event.seq,
            at=datetime.now(UTC),
            account_id=account_id,
            kind=kind,
            payload=dict(payload),
            label_layer_id=layer.layer_id if layer else None,
        )
    )
    session.flush()
    if kind in AUDITED:
        labels_of = {"labels": layer.content_sha256} if layer else {}
        _tell_audit(session, series_uid, event, {"seq": event.seq, **payload, **labels_of})
    return load(session, series_uid, account_id)


def check_may_see(session: Session, series: SeriesRow, account_id: int) -> None:
    """Raise LungcoreError where the account still reads the case blinded."""
    found = blinding.round_of(session, series, account_id)
    if found is not None and found.blinded:
        raise LungcoreError("adjudication.blinded")


def reader_name(account_id: int) -> str:
    """The reader of the layers that an account's adjudications make."""
    return f"adjudicated-account-{account_id}"


def _finish(
    session: Session,
    series: SeriesRow,
    state: Adjudication,
    account_id: int,
    masks: MaskStore,
) -> LayerRecord:
    record = SeriesRecord.of_row(series)
    sets = laying_out.sets(state.readers, record, masks)
    labels = decided(state, sets, record.grid, record.series_uid, reader_name(account_id))
    return label_layers.add_adjudicated(session, series, labels, masks)


def _rows(session: Session, series_id: int) -> Sequence[AdjudicationEventRow]:
    query = select(AdjudicationEventRow).where(AdjudicationEventRow.series_id == series_id)
    return session.scalars(query.order_by(AdjudicationEventRow.seq)).all()


def _event(row: AdjudicationEventRow) -> Event:
    return Event(row.seq, row.account_id, cast(Kind, row.kind), row.payload)


def _person(session: Session, account_id: int) -> str:
    return session.get_one(AccountRow, account_id).display_name or actor_name(session, account_id)


def _name(session: Session, reader: str) -> str:
    """A reader as people know them; of an account the person's name before the reader's."""
    account = signed.account_of(reader)
    row = session.get(AccountRow, account[0]) if account else None
    return reader if row is None else f"{row.display_name or row.username} ({reader})"


def _tell_audit(session: Session, series_uid: str, event: Event, detail: Mapping[str, Any]) -> None:
    action = {"finish": "finished", "reopen": "reopened", "withdraw": "withdrawn"}[event.kind]
    audit.append(
        session,
        actor=actor_name(session, event.account_id),
        action=f"adjudication.{action}",
        subject=series_uid,
        detail=detail,
    )
