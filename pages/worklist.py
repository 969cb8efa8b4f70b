"""The worklist: every series, its state and its worst finding; uploads dropped anywhere."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import streamlit as st

from lungcore.language import area
from lungcore.records import database, studies
from lungcore.web import assets
from pages import _context

PAGE_SIZE = 25
SORTS = frozenset(
    {"patient_name", "study_date", "verdict", "state", "findings", "malignancy", "imported_at"}
)
STATES = frozenset({"imported", "detecting", "ready", "in_review", "signed", "refused"})
VERDICTS = frozenset({"accept", "warn", "refuse"})


@dataclass(frozen=True, slots=True)
class View:
    """What the reader has chosen to see."""

    search: str = ""
    states: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    sort: str = "imported_at"
    descending: bool = True
    page: int = 1

    @classmethod
    def from_browser(cls, sent: dict[str, Any]) -> "View":
        """The view that the browser sent; what is not a choice on the page is left out."""
        view = cls(
            search=str(sent.get("search", ""))[:200],
            states=tuple(sorted(STATES & set(sent.get("states", ())))),
            verdicts=tuple(sorted(VERDICTS & set(sent.get("verdicts", ())))),
            descending=bool(sent.get("descending", True)),
            page=max(1, int(sent.get("page", 1))),
        )
        return replace(view, sort=sent["sort"]) if sent.get("sort") in SORTS else view


def describe(row: studies.WorklistRow, language: str) -> dict[str, Any]:
    """A row as the browser shows it."""
    return {
        "series_uid": row.series_uid,
        "patient_id": row.patient_id,
        "patient_name": row.patient_name.replace("^", " ").strip(),
        "study_date": row.study_date,
        "study_description": row.study_description,
        "series_description": row.series_description,
        "slices": row.slices,
        "slice_mm": row.spacing_mm[0],
        "verdict": row.verdict,
        "reasons": [reason.text(language) for reason in row.reasons],
        "state": row.state,
        "findings": None if row.state in ("imported", "detecting", "refused") else row.findings,
        "malignancy": row.malignancy,
        "phantom": row.phantom,
        "imported_at": row.imported_at.astimezone().strftime("%Y-%m-%d %H:%M"),
    }


def show() -> None:
    """Query the page that the reader has chosen, and mount the table."""
    here = _context.account()
    kept = st.session_state.get("worklist") or {}
    view = View.from_browser(kept.get("view") or {})
    with database.transaction(_context.services().engine) as session:
        found = studies.worklist(session, page_size=PAGE_SIZE, **asdict(view))
        is_empty = found.total == 0 and not studies.any_series(session)
    mount = st.components.v2.component(
        "worklist", js=assets.loader("worklist"), isolate_styles=False
    )
    result = mount(
        key="worklist",
        data={
            "rows": [describe(row, here.language) for row in found.rows],
            "total": found.total,
            "pages": max(1, -(-found.total // PAGE_SIZE)),
            "empty": is_empty,
            "view": asdict(view),
            "texts": area("worklist", here.language),
        },
        on_view_change=_rerun,
        on_refresh_change=_rerun,
        on_open_change=_rerun,
    )
    if result.open:
        st.switch_page("review.py", query_params={"series": result.open})


def _rerun() -> None:
    """A change of the component reruns the page; nothing else is to be done."""


show()
