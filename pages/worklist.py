"""The worklist: every series, its state and its worst finding; uploads dropped anywhere."""

from dataclasses import asdict

import streamlit as st

from lungcore import viewer
from lungcore.language import area
from lungcore.records import database, priors, studies
from lungcore.web import assets
from lungcore.web.answers import BRINGERS
from lungcore.web.worklist import View, describe_row
from pages import _context

PAGE_SIZE = 25


def rerun() -> None:
    """What the browser sends reruns the page; the page reads it when it mounts the table."""


here = _context.account()
kept = st.session_state.get("worklist") or {}
view = View.from_browser(kept.get("view") or {})
with database.snapshot(_context.services().engine) as session:
    found = studies.worklist(session, page_size=PAGE_SIZE, reader=here.account_id, **asdict(view))
    earlier = priors.latest(session, [row.series_uid for row in found.rows])
    is_empty = found.total == 0 and not studies.any_series(session)

table = st.components.v2.component("worklist", js=viewer.LOADER, isolate_styles=False)
sent = table(
    key="worklist",
    data={
        "asset_base": f"{assets.base()}/worklist",
        "rows": [
            describe_row(row, earlier.get(row.series_uid), here.language) for row in found.rows
        ],
        "total": found.total,
        "pages": max(1, -(-found.total // PAGE_SIZE)),
        "empty": is_empty,
        "view": asdict(view),
        "texts": area("worklist", here.language),
        "account": here.account_id,
        "may_bring": not here.roles.isdisjoint(BRINGERS),
    },
    on_view_change=rerun,
    on_refresh_change=rerun,
    on_open_change=rerun,
)
if sent.open:
    st.switch_page("review.py", query_params={"series": sent.open})
