"""The model registry: cards, comparisons, promotion and roll-back, and the models in use."""

import uuid

import pandas as pd
import streamlit as st

from lungcore.errors import LungcoreError
from lungcore.jobs import gate, training
from lungcore.records import comparisons, database, datasets
from lungcore.records import models as registry
from lungcore.records.models import ModelRecord
from pages import _context, _model_parts

here = _context.account()
t = _context.texts(here)
_context.require_role(here, "model_owner")
services = _context.services()
registered = training.models_of(services.engine)
DATE = "%Y-%m-%d %H:%M"


def show_list() -> ModelRecord | None:
    """All models; the one that was chosen."""
    rows = pd.DataFrame(
        {
            t("models.kind"): [t(f"models.kind_{one.kind}") for one in registered],
            t("models.name"): [one.name for one in registered],
            t("models.stage"): [t(f"models.stage_{one.stage}") for one in registered],
            t("models.origin"): [t(f"models.origin_{one.origin}") for one in registered],
            t("models.probe"): [_model_parts.probe_text(one, t) for one in registered],
            t("models.registered"): [f"{one.created_at.astimezone():{DATE}}" for one in registered],
        }
    )
    st.dataframe(rows, hide_index=True, height=min(240, 38 + 35 * len(rows)))
    by_name = {one.name: one for one in registered}
    fresh = next((one.name for one in registered if one.stage == "candidate"), registered[0].name)
    name = st.selectbox(t("models.choose"), list(by_name), list(by_name).index(fresh))
    return by_name[name] if name else None


def show_comparisons(model: ModelRecord) -> None:
    """Start a comparison; the figures of the last one."""
    with database.snapshot(services.engine) as session:
        known = datasets.list_datasets(session)
        versions = {one.dataset_id: one for one in known if one.balance["test"].series}
        looks = {key: comparisons.looks(session, key) for key in versions}
        found = comparisons.of_model(session, model.name, here.account_id)
    if model.stage != "in_use":
        choose, start = st.columns([3, 1], vertical_alignment="bottom")
        chosen = choose.selectbox(
            t("models.test_set"),
            list(versions),
            format_func=lambda key: t(
                "models.test_set_looks",
                name=versions[key].short_name,
                scans=versions[key].balance["test"].series,
                n=looks[key],
            ),
        )
        if start.button(t("models.compare"), disabled=chosen is None) and chosen:
            try:
                job = services.jobs.enqueue_comparison(model.name, chosen, here.account_id)
                st.session_state["comparing"] = job
            except LungcoreError as error:
                st.error(error.text(here.language))
    _model_parts.show_job("comparing", services.jobs, here.language)
    if not found:
        st.info(t("models.not_compared"))
        return
    chosen_look = st.selectbox(
        t("models.comparisons"),
        found,
        format_func=lambda one: t(
            "models.look",
            at=f"{one.at.astimezone():{DATE}}",
            against=one.against,
            test_set=one.test_set[:12],
            n=one.look,
        ),
    )
    _model_parts.show_result(chosen_look.result, t)


def show_gate(model: ModelRecord) -> None:
    """The gate, and promotion with one or two signatures."""
    if model.stage == "in_use":
        st.success(t("models.is_in_use"))
        return
    with database.snapshot(services.engine) as session:
        failed = gate.failed(session, model.name)
    for check in gate.CHECKS:
        is_passed = check not in failed
        icon = ":material/check_circle:" if is_passed else ":material/cancel:"
        colour = "green" if is_passed else "red"
        st.markdown(f":{colour}[{icon}] {t(f'models.check_{check}')}")
    with st.form("promote", clear_on_submit=True):
        reason = st.text_input(t("models.reason"))
        second = None
        if failed:
            st.caption(t("models.second_meaning"))
            left, right = st.columns(2)
            username = left.text_input(t("models.second_name"))
            password = right.text_input(t("models.second_password"), type="password")
            second = (username, password) if username else None
        if not st.form_submit_button(t("models.promote"), type="primary"):
            return
    try:
        gate.promote(
            services.settings,
            services.engine,
            model.name,
            account_id=here.account_id,
            reason=reason,
            second=second,
        )
    except LungcoreError as error:
        st.error(error.text(here.language))
    else:
        st.rerun()


def show_roll_back() -> None:
    """One act puts the model before the present one in use again."""
    for kind in ("detector", "classifier"):
        present = next((m for m in registered if (m.kind, m.stage) == (kind, "in_use")), None)
        with st.form(f"back-{kind}", clear_on_submit=True):
            st.markdown(f"**{t(f'models.kind_{kind}')}** {present.name if present else '-'}")
            reason = st.text_input(t("models.reason"))
            if not st.form_submit_button(t("models.roll_back")) or present is None:
                continue
        try:
            with database.transaction(services.engine) as session:
                registry.roll_back(session, present.name, account_id=here.account_id, reason=reason)
        except LungcoreError as error:
            st.error(error.text(here.language))
        else:
            st.rerun()


def show_bringing() -> None:
    """Bring a model of others."""
    st.caption(t("models.bring_help"))
    key = st.session_state.setdefault("bring_key", uuid.uuid4().hex)
    files = st.file_uploader(
        t("models.bring_files"),
        ["keras", "onnx", "xml", "bin", "json"],
        accept_multiple_files=True,
        key=key,
    )
    if st.button(t("models.bring"), disabled=not files) and files:
        given = {file.name: file.getvalue() for file in files}
        job = services.jobs.enqueue_bringing(given, here.account_id)
        st.session_state["bringing"] = job
        st.session_state["bring_key"] = uuid.uuid4().hex
        st.rerun()
    _model_parts.show_job("bringing", services.jobs, here.language)


if not registered:
    st.info(t("models.none"))
    st.stop()
names = ("card", "comparison", "promotion", "watch", "bring", "history")
chosen = show_list()
card, comparison, promotion, watch, bring, past = st.tabs([t(f"models.tab_{n}") for n in names])
if chosen:
    with card:
        _model_parts.show_card(chosen, t)
    with comparison:
        show_comparisons(chosen)
    with promotion:
        own, back = st.columns(2, gap="large")
        with own:
            st.markdown(f"**{chosen.name}**")
            show_gate(chosen)
        with back:
            show_roll_back()
with watch:
    _model_parts.show_watch(services.engine, here.account_id, t)
with bring:
    show_bringing()
with past:
    _model_parts.show_history(services.engine, t)
