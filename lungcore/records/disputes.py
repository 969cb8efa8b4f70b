"""The series of which readers disagree: how much, since when, and whether that is adjudicated."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lungcore.findings.consensus import groups
from lungcore.findings.disagreement import Dispute, disputes
from lungcore.records import blinding, label_sources, studies
from lungcore.records.adjudication_tables import AdjudicationEventRow, counts, is_of_file
from lungcore.records.tables import LabelLayerRow, ReadingRow, SeriesRow

Standing = Literal["open", "begun", "adjudicated"]
STANDINGS: tuple[Standing, ...] = ("open", "begun", "adjudicated")
Sort = Literal["worst", "newest"]
SORTS: tuple[Sort, ...] = ("worst", "newest")
MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Disputed:
    """A series of which readers disagree. nodules: that have a dispute; disputes: of each kind."""

    series_uid: str
    readers: int
    nodules: int
    disputes: Mapping[Dispute, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A row of the list: a disputed series, whose it is, when it was last read, how it stands."""

    disputed: Disputed
    patient_id: str
    patient_name: str
    study_date: str
    series_description: str
    said_at: datetime
    standing: Standing


def found(session: Session) -> list[Disputed]:
    """All series of which two readers or more disagree.

    It is a function of what `label_sources.versions` tells of.
    """
    said = label_sources.by_series(session)
    compared = []
    for uid, own in said.items():
        sets = [one.marks for one in own if one.is_whole]
        apart = [disputes(group, len(sets)) for group in groups(sets)] if len(sets) > 1 else []
        if any(apart):
            kinds = Counter(kind for one in apart for kind in one)
            compared.append(Disputed(uid, len(sets), sum(map(bool, apart)), dict(kinds)))
    return compared


def cases(
    session: Session,
    disputed: Sequence[Disputed],
    account_id: int,
    *,
    search: str = "",
    standings: Sequence[Standing] = (),
    sort: Sort = "worst",
    page: int = 1,
    page_size: int = 25,
) -> tuple[list[Case], int]:
    """One page of the disputed series, and how many there are on all pages.

    search: as of the worklist. Left out is what a blinded round hides from the account.
    """
    listed = {one.series_uid for one in disputed}
    if search:
        listed.intersection_update(studies.matching(session, search=search, most=MOST))
    listed -= blinding.hidden_uids(session, account_id)
    standing, said_at = _standings(session), _said_at(session)
    rows = [
        one
        for one in disputed
        if one.series_uid in listed
        and (not standings or standing.get(one.series_uid, "open") in standings)
    ]
    rows.sort(key=lambda one: said_at[one.series_uid], reverse=True)
    if sort == "worst":
        rows.sort(key=lambda one: (sum(one.disputes.values()), one.nodules), reverse=True)
    shown = rows[(page - 1) * page_size : page * page_size]
    whose = _whose(session, [one.series_uid for one in shown])
    found = [
        Case(
            disputed=one,
            said_at=said_at[one.series_uid],
            standing=standing.get(one.series_uid, "open"),
            **whose[one.series_uid],
        )
        for one in shown
    ]
    return found, len(rows)


def _standings(session: Session) -> dict[str, Standing]:
    """Of each series that was ever begun."""
    of_series = SeriesRow.series_id == AdjudicationEventRow.series_id
    begun = select(SeriesRow.series_uid).join(AdjudicationEventRow, of_series)
    decided = begun.where(AdjudicationEventRow.kind.in_(("decide", "rest"))).distinct()
    of_layer = SeriesRow.series_id == LabelLayerRow.series_id
    done = select(SeriesRow.series_uid).join(LabelLayerRow, of_layer).where(counts())
    standing: dict[str, Standing] = dict.fromkeys(session.scalars(decided), "begun")
    return standing | dict.fromkeys(session.scalars(done), "adjudicated")


def _said_at(session: Session) -> dict[str, datetime]:
    """When a reader last said anything of each series."""
    layers = select(LabelLayerRow.series_id, LabelLayerRow.created_at.label("at")).where(
        is_of_file()
    )
    signed = select(ReadingRow.series_id, ReadingRow.signed_at.label("at"))
    both = layers.union_all(signed.where(ReadingRow.signed_at.is_not(None))).subquery()
    query = select(SeriesRow.series_uid, func.max(both.c.at))
    query = query.join(both, both.c.series_id == SeriesRow.series_id)
    return {row[0]: row[1] for row in session.execute(query.group_by(SeriesRow.series_uid))}


def _whose(session: Session, uids: Sequence[str]) -> dict[str, dict[str, str]]:
    names = ("patient_id", "patient_name", "study_date", "series_description")
    columns = [getattr(SeriesRow, name) for name in names]
    query = select(SeriesRow.series_uid, *columns).where(SeriesRow.series_uid.in_(uids))
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in session.execute(query)}
