"""The form that makes a round."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st
from sqlalchemy import Engine

from lungcore.errors import LungcoreError
from lungcore.findings.ordering import STRATEGIES
from lungcore.records import database, references, rounds, studies
from lungcore.records.accounts import Account
from lungcore.web.worklist import STATES

MOST = 100_000
Texts = Callable[..., str]


@dataclass(frozen=True)
class _Form:
    """What its parts work with."""

    engine: Engine
    here: Account
    t: Texts


def make_round(engine: Engine, here: Account, readers: Mapping[int, str], t: Texts) -> str:
    """Ask for a round and make it; returns its name once it is made. readers: names by account."""
    form = _Form(engine, here, t)
    st.markdown(f"**{t('rounds.make')}**")
    which, who = st.columns(2)
    with which:
        series_uids = _chosen_series(form)
        strategy = st.selectbox(
            t("rounds.strategy"), list(STRATEGIES), format_func=lambda s: t(f"rounds.strategy_{s}")
        )
        priority = chosen_priority(t, key="priority")
    with who:
        name, chosen, reads = _chosen_readers(form, readers)
        blinded = st.checkbox(t("rounds.make_blinded"), value=True)
        machine_hidden = st.checkbox(t("rounds.make_machine_hidden"))
        answers = _chosen_answers(form)
        is_wanted = st.button(t("rounds.make"), type="primary")
    if not is_wanted:
        return ""
    try:
        with database.transaction(engine) as session:
            made = rounds.make(
                session,
                name=name,
                series_uids=series_uids,
                account_ids=chosen,
                blinded=blinded,
                machine_hidden=machine_hidden,
                strategy=strategy,
                reads=reads,
                priority=priority,
                answers=answers,
                made_by=here.account_id,
                now=datetime.now(UTC),
            )
    except LungcoreError as error:
        st.error(error.text(here.language))
        return ""
    return made.name


def chosen_priority(t: Texts, *, key: str, disabled: bool = False) -> int:
    """How urgent a round is."""
    return st.segmented_control(
        t("rounds.priority"),
        rounds.PRIORITIES,
        default=2,
        required=True,
        format_func=lambda number: t(f"rounds.priority_{number}"),
        key=key,
        disabled=disabled,
    )


def _chosen_series(form: _Form) -> list[str]:
    """The series that the filter leaves."""
    t = form.t
    search = st.text_input(t("rounds.search"))
    states = st.pills(
        t("rounds.states"),
        STATES,
        selection_mode="multi",
        format_func=lambda state: t(f"rounds.state_{state}"),
    )
    most = st.number_input(t("rounds.most"), 1, MOST, 1000)
    with database.snapshot(form.engine) as session:
        found = studies.matching(session, search=search, states=states, most=int(most))
    st.caption(t("rounds.chosen", n=len(found)))
    return found


def _chosen_readers(form: _Form, readers: Mapping[int, str]) -> tuple[str, list[int], int]:
    """Name of the round, its readers, and how many of them read each series."""
    t = form.t
    name = st.text_input(t("rounds.name"), max_chars=rounds.LONGEST_NAME)
    chosen = st.multiselect(
        t("rounds.readers"), list(readers), format_func=readers.__getitem__, placeholder=""
    )
    most = max(1, len(chosen))
    reads = st.number_input(
        t("rounds.reads"), 1, most, most, key=f"reads{most}", help=t("rounds.reads_meaning")
    )
    return name, chosen, int(reads)


def _chosen_answers(form: _Form) -> list[int]:
    """The layers of labels that are the answers of reference cases; none unless asked for."""
    t, account_id = form.t, form.here.account_id
    with database.snapshot(form.engine) as session:
        known = references.readers(session, account_id)
        reader = st.selectbox(
            t("rounds.answers_of"),
            known,
            index=None,
            placeholder="",
            help=t("rounds.references_meaning"),
        )
        found = references.answers(session, reader, account_id) if reader else []
    if not reader:
        return []
    told = {
        one.layer_id: t(
            "rounds.reference",
            patient=one.patient_id or one.series_uid,
            date=one.study_date,
            n=one.nodules,
        )
        for one in found
    }
    return st.multiselect(
        t("rounds.references"), list(told), format_func=told.__getitem__, placeholder=""
    )
