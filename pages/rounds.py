"""Rounds: who reads which series, blinded or not, in which order, and how far they are."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from lungcore.errors import LungcoreError
from lungcore.findings.ordering import STRATEGIES
from lungcore.records import accounts, database, rounds, studies
from lungcore.web.answers import READERS, ROUND_MAKERS
from lungcore.web.worklist import STATES
from pages import _context

MOST = 100_000

here = _context.account()
t = _context.texts(here)
_context.require_role(here, *ROUND_MAKERS)
engine = _context.services().engine


def kind_of(one: rounds.RoundRecord) -> str:
    """What a round hides, in words."""
    if one.machine_hidden:
        return t("rounds.kind_machine_hidden")
    return t("rounds.kind_blinded") if one.blinded else t("rounds.kind_open")


def show_rounds(parts: list[rounds.Progress]) -> None:
    """A line for each reader of each round."""
    st.dataframe(
        pd.DataFrame(
            {
                t("rounds.round"): [part.round.name for part in parts],
                t("rounds.reader"): [part.reader_name for part in parts],
                t("rounds.done"): [part.done for part in parts],
                t("rounds.left"): [part.left for part in parts],
                t("rounds.kind"): [kind_of(part.round) for part in parts],
                t("rounds.strategy"): [t(f"rounds.strategy_{p.round.strategy}") for p in parts],
                t("rounds.closed"): [part.round.closed_at is not None for part in parts],
            }
        ),
        hide_index=True,
    )


def chosen_series() -> list[str]:
    """The series that the filter leaves."""
    search = st.text_input(t("rounds.search"))
    states = st.pills(
        t("rounds.states"),
        STATES,
        selection_mode="multi",
        format_func=lambda state: t(f"rounds.state_{state}"),
    )
    most = st.number_input(t("rounds.most"), 1, MOST, 1000)
    with database.snapshot(engine) as session:
        found = studies.matching(session, search=search, states=states, most=int(most))
    st.caption(t("rounds.chosen", n=len(found)))
    return found


def chosen_readers(readers: dict[int, str]) -> tuple[str, list[int], int]:
    """Name of the round, its readers, and how many of them read each series."""
    name = st.text_input(t("rounds.name"), max_chars=rounds.LONGEST_NAME)
    chosen = st.multiselect(
        t("rounds.readers"), list(readers), format_func=readers.__getitem__, placeholder=""
    )
    most = max(1, len(chosen))
    reads = st.number_input(
        t("rounds.reads"), 1, most, most, key=f"reads{most}", help=t("rounds.reads_meaning")
    )
    return name, chosen, int(reads)


def make_round(readers: dict[int, str]) -> None:
    """The form that makes a round."""
    st.markdown(f"**{t('rounds.make')}**")
    which, who = st.columns(2)
    with which:
        series_uids = chosen_series()
        strategy = st.selectbox(
            t("rounds.strategy"), list(STRATEGIES), format_func=lambda s: t(f"rounds.strategy_{s}")
        )
        priority = st.segmented_control(
            t("rounds.priority"),
            rounds.PRIORITIES,
            default=2,
            required=True,
            format_func=lambda number: t(f"rounds.priority_{number}"),
        )
    with who:
        name, chosen, reads = chosen_readers(readers)
        blinded = st.checkbox(t("rounds.make_blinded"), value=True)
        machine_hidden = st.checkbox(t("rounds.make_machine_hidden"))
        is_wanted = st.button(t("rounds.make"), type="primary")
    if not is_wanted:
        return
    try:
        with database.transaction(engine) as session:
            rounds.make(
                session,
                name=name,
                series_uids=series_uids,
                account_ids=chosen,
                blinded=blinded,
                machine_hidden=machine_hidden,
                strategy=strategy,
                reads=reads,
                priority=priority,
                made_by=here.account_id,
                now=datetime.now(UTC),
            )
    except LungcoreError as error:
        st.error(error.text(here.language))
    else:
        st.session_state["made"] = name.strip()
        st.rerun()


def close_round(parts: list[rounds.Progress]) -> None:
    """The control that ends a round."""
    names = {p.round.round_id: p.round.name for p in parts if p.round.closed_at is None}
    with st.container(border=True):
        st.markdown(f"**{t('rounds.close')}**")
        st.caption(t("rounds.close_meaning"))
        chosen = st.selectbox(
            t("rounds.round"),
            list(names),
            index=None,
            placeholder="",
            format_func=names.__getitem__,
        )
        if not st.button(t("rounds.close"), disabled=chosen is None) or chosen is None:
            return
    with database.transaction(engine) as session:
        rounds.close(session, chosen, closed_by=here.account_id, now=datetime.now(UTC))
    st.rerun()


st.subheader(t("rounds.rounds"))
if made := st.session_state.pop("made", ""):
    st.success(t("rounds.made", name=made))
with database.snapshot(engine) as found_in:
    found_parts = rounds.progress(found_in)
    able = [
        one
        for one in accounts.list_accounts(found_in)
        if not one.disabled and not one.roles.isdisjoint(READERS)
    ]
if found_parts:
    show_rounds(found_parts)
left, right = st.columns([2, 1])
with left.container(border=True):
    make_round({one.account_id: one.display_name or one.username for one in able})
with right:
    close_round(found_parts)
