"""The worklist: searched, filtered, sorted and paged by the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, get_args

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from lungcore.records import blinding
from lungcore.records.searching import searchable
from lungcore.records.series import Reason, SeriesState, Verdict, reasons_of
from lungcore.records.tables import SeriesRow

LARGEST_PAGE = 500
STATES: tuple[str, ...] = get_args(SeriesState)
VERDICTS: tuple[str, ...] = get_args(Verdict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorklistRow:
    """One series of the worklist; the fields are those of SeriesRecord.

    findings, malignancy: None where the reader must not see them.
    """

    series_id: int
    series_uid: str
    patient_id: str
    patient_name: str
    study_date: str
    study_description: str
    series_description: str
    slices: int
    spacing_mm: tuple[float, float, float]
    verdict: Verdict
    reasons: tuple[Reason, ...]
    state: SeriesState
    findings: int | None
    malignancy: float | None
    phantom: bool
    imported_at: datetime


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """The rows of one page, and how many there are on all pages."""

    rows: tuple[WorklistRow, ...]
    total: int


# States and verdicts sort in the order of the work, not of the alphabet.
SORT_KEYS: Mapping[str, ColumnElement[Any]] = {
    "patient_name": SeriesRow.patient_name.expression,
    "patient_id": SeriesRow.patient_id.expression,
    "study_date": SeriesRow.study_date.expression,
    "state": case({s: n for n, s in enumerate(STATES)}, value=SeriesRow.state),
    "verdict": case({v: n for n, v in enumerate(VERDICTS)}, value=SeriesRow.verdict),
    "findings": SeriesRow.findings.expression,
    "malignancy": SeriesRow.malignancy.expression,
    "imported_at": SeriesRow.imported_at.expression,
}


def worklist(
    session: Session,
    *,
    search: str = "",
    states: Sequence[str] = (),
    verdicts: Sequence[str] = (),
    sort: str = "study_date",
    descending: bool = True,
    page: int = 1,
    page_size: int = 25,
    reader: int | None = None,
) -> WorklistPage:
    """One page of the series in which every word of `search` occurs.

    search: looked for in the patient's id and name, accession number, descriptions, series uid.
    states, verdicts: only these; all when empty.
    page: from 1; empty beyond the last.
    reader: the account that looks: what a blinded round hides from it counts as not known.

    Raises ValueError naming the argument that cannot be.
    """
    _check(states, verdicts, sort, page, page_size)
    conditions = _conditions(search, states, verdicts)
    total = session.scalar(select(func.count()).select_from(SeriesRow).where(*conditions)) or 0
    offset = (page - 1) * page_size
    if offset >= total:
        return WorklistPage((), total)
    is_blinded = reader is not None and blinding.is_blinded(session, reader)
    shut = blinding.is_hidden(reader) if reader is not None and is_blinded else None
    order = _order(sort, descending, shut)
    # Ids first, from the indexes alone; only the rows of this page are read whole.
    ids = select(SeriesRow.series_id)
    if conditions:
        ids = ids.where(SeriesRow.series_id.in_(select(SeriesRow.series_id).where(*conditions)))
    ids = ids.order_by(*order).limit(page_size).offset(offset)
    columns = [getattr(SeriesRow, field.name) for field in fields(WorklistRow)]
    found = session.execute(
        select(*columns).where(SeriesRow.series_id.in_(ids)).order_by(*order)
    ).mappings()
    rows = tuple(_row(dict(values)) for values in found)
    if reader is not None and is_blinded:
        rows = _without_hidden(session, rows, reader)
    return WorklistPage(rows, total)


def matching(
    session: Session, *, search: str = "", states: Sequence[str] = (), most: int
) -> list[str]:
    """The uids of the readable series of a search, as `worklist` has it; the oldest imports first.

    At most so many.
    """
    readable = [verdict for verdict in VERDICTS if verdict != "refuse"]
    query = select(SeriesRow.series_uid).where(*_conditions(search, states, readable))
    return list(session.scalars(query.order_by(SeriesRow.series_id).limit(most)))


def _without_hidden(
    session: Session, rows: tuple[WorklistRow, ...], reader: int
) -> tuple[WorklistRow, ...]:
    ids = [row.series_id for row in rows]
    hidden = set(session.scalars(blinding.hidden(session, reader, ids)))
    return tuple(
        replace(row, findings=None, malignancy=None) if row.series_id in hidden else row
        for row in rows
    )


def _conditions(
    search: str, states: Sequence[str], verdicts: Sequence[str]
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if states:
        conditions.append(SeriesRow.state.in_(states))
    if verdicts:
        conditions.append(SeriesRow.verdict.in_(verdicts))
    # Last, as SQLite looks at conditions in this order and a text takes it longest.
    words = searchable(search).split()
    conditions += [SeriesRow.search_text.contains(word, autoescape=True) for word in words]
    return conditions


def _order(
    sort: str, descending: bool, shut: ColumnElement[bool] | None
) -> list[ColumnElement[Any]]:
    """shut: whether it is a series whose findings must not be told, by their order neither."""
    keys = [SORT_KEYS[sort], SeriesRow.series_id.expression]
    if shut is not None and sort in ("findings", "malignancy"):
        keys[0] = case((~shut, keys[0]))
    if sort == "patient_name":
        keys.insert(1, SORT_KEYS["patient_id"])  # which stands for the name where there is none
    if descending:
        return [key.desc().nulls_last() for key in keys]
    return [key.asc().nulls_last() for key in keys]


def _row(values: dict[str, Any]) -> WorklistRow:
    values["reasons"] = reasons_of(values["reasons"])
    values["spacing_mm"] = tuple(values["spacing_mm"])
    return WorklistRow(**values)


def _check(
    states: Sequence[str], verdicts: Sequence[str], sort: str, page: int, page_size: int
) -> None:
    for name, given, known in (("states", states, STATES), ("verdicts", verdicts, VERDICTS)):
        unknown = set(given) - set(known)
        if unknown:
            raise ValueError(f"{name} cannot be {sorted(unknown)}; known: {', '.join(known)}")
    if sort not in SORT_KEYS:
        raise ValueError(f"sort cannot be {sort!r}; known: {', '.join(SORT_KEYS)}")
    if page < 1:
        raise ValueError(f"page must be 1 or more, not {page}")
    if not 1 <= page_size <= LARGEST_PAGE:
        raise ValueError(f"page_size must be 1 to {LARGEST_PAGE}, not {page_size}")
