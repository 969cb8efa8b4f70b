"""The reader's queue: what the rounds ask for, how far it is, and the next case."""

from datetime import UTC, datetime

import streamlit as st

from lungcore.records import database, leases, rounds
from lungcore.web.answers import READERS
from pages import _context

here = _context.account()
t = _context.texts(here)
_context.require_role(here, *READERS)
engine = _context.services().engine


def next_case() -> str | None:
    """The series to read next, taken for this reader."""
    with database.transaction(engine) as session:
        return leases.take_next(session, here.account_id, now=datetime.now(UTC))


def show(part: rounds.Progress) -> None:
    """How far the reader is in one round, and what it hides."""
    with st.container(border=True):
        st.markdown(f"**{part.round.name}**")
        total = part.done + part.left
        st.progress(part.done / total if total else 1.0)
        st.markdown(t("rounds.done_of", done=part.done, left=part.left))
        if part.round.blinded:
            hidden = t("rounds.machine_hidden") if part.round.machine_hidden else ""
            st.caption(f"{t('rounds.blinded')} {hidden}")


st.subheader(t("rounds.queue"))
with database.snapshot(engine) as found_in:
    parts = rounds.progress(found_in, here.account_id)
if not parts:
    st.info(t("rounds.nothing_assigned"))
    st.stop()
if st.button(t("rounds.next_case"), type="primary", icon=":material/play_arrow:"):
    series_uid = next_case()
    if series_uid is None:
        st.info(t("rounds.nothing_left"))
    else:
        st.switch_page("review.py", query_params={"series": series_uid})
st.caption(t("rounds.lease", hours=int(leases.LEASE.total_seconds() // 3600)))
for one in parts:
    show(one)
