"""Rounds: who reads which series, blinded or not, in which order, and how far they are."""

from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from lungcore.records import accounts, database, rounds
from lungcore.web.answers import READERS, ROUND_MAKERS
from pages import _context, _round_form

EVERYBODY = 0  # in the place of an account

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
                t("rounds.priority"): [t(f"rounds.priority_{p.priority}") for p in parts],
                t("rounds.kind"): [kind_of(part.round) for part in parts],
                t("rounds.strategy"): [t(f"rounds.strategy_{p.round.strategy}") for p in parts],
                t("rounds.closed"): [part.round.closed_at is not None for part in parts],
            }
        ),
        hide_index=True,
    )


def change_round(parts: list[rounds.Progress]) -> None:
    """The controls of an open round: how urgent it is to its readers, and its end."""
    names = {p.round.round_id: p.round.name for p in parts if p.round.closed_at is None}
    with st.container(border=True):
        st.markdown(f"**{t('rounds.change')}**")
        chosen = st.selectbox(
            t("rounds.round"),
            list(names),
            index=None,
            placeholder="",
            format_func=names.__getitem__,
        )
        set_priority(chosen, [part for part in parts if part.round.round_id == chosen])
        st.divider()
        st.caption(t("rounds.close_meaning"))
        if not st.button(t("rounds.close"), disabled=chosen is None) or chosen is None:
            return
    with database.transaction(engine) as session:
        rounds.close(session, chosen, closed_by=here.account_id, now=datetime.now(UTC))
    st.rerun()


def set_priority(round_id: int | None, parts: list[rounds.Progress]) -> None:
    """The control of how urgent a round is, to one of its readers or to all."""
    names = {part.account_id: part.reader_name for part in parts}
    reader = st.selectbox(
        t("rounds.for_reader"),
        [EVERYBODY, *names],
        format_func=lambda one: names.get(one, t("rounds.for_all")),
        disabled=round_id is None,
    )
    priority = _round_form.chosen_priority(t, key="changed-priority", disabled=round_id is None)
    if not st.button(t("rounds.set_priority"), disabled=round_id is None) or round_id is None:
        return
    with database.transaction(engine) as session:
        for one in names if reader == EVERYBODY else [reader]:
            rounds.set_priority(session, round_id, one, priority, set_by=here.account_id)
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
if shown := rounds.shown(found_parts, here.account_id):
    show_rounds(shown)
if len(shown) < len(found_parts):
    st.caption(t("rounds.others_hidden"))
left, right = st.columns([2, 1])
names = {one.account_id: one.display_name or one.username for one in able}
with left.container(border=True):
    made = _round_form.make_round(engine, here, names, t)
with right:
    change_round(found_parts)
if made:
    st.session_state["made"] = made
    st.rerun()
