"""Trainings: ask for one, see at once what it costs, watch it, pause it, go on with it."""

from datetime import timedelta
from typing import Any

import streamlit as st

from lungcore.errors import LungcoreError
from lungcore.jobs import asking, training
from lungcore.records import database, datasets, trainings
from lungcore.records.datasets import DatasetRecord
from pages import _charts, _context

here = _context.account()
t = _context.texts(here)
_context.require_role(here, "model_owner")
services = _context.services()
registered = training.models_of(services.engine)


def ask() -> dict[str, Any] | None:
    """The form; the plan that it asks for, None while it cannot be."""
    known = asking.known_tasks(services.settings, registered)
    preset = st.selectbox(
        t("training.preset"), asking.PRESETS, format_func=lambda name: t(f"training.preset_{name}")
    )
    task = known[st.selectbox(t("training.task"), list(known))]
    source = ask_source(preset)
    source |= {"version": st.text_input(t("training.version"), placeholder=t("training.automatic"))}
    fitting = [
        one
        for one in registered
        if (one.kind, one.task) == (preset, task.name) and "model.keras" in one.files
    ]
    by_name = {one.name: one for one in fitting}
    parent = st.selectbox(t("training.begin_with"), ["", *by_name], format_func=parent_name)
    chosen: dict[str, Any] = {}
    if parent:
        source["parent_name"] = parent
        chosen |= ask_thaw(by_name[parent].layers)
    chosen |= ask_recipe(asking.defaults(preset, task))
    try:
        return asking.plan(preset, task, chosen, **source)
    except LungcoreError as error:
        st.error(error.text(here.language))
        return None


def ask_source(preset: str) -> dict[str, str]:
    """What is learnt from: a dataset version, a folder, or a pair of files."""
    if preset == "seed_cnn":
        return {
            "images": st.text_input(t("training.images")),
            "labels": st.text_input(t("training.labels")),
        }
    with database.snapshot(services.engine) as session:
        told = {one.dataset_id: one for one in datasets.list_datasets(session)}
    dataset = st.selectbox(
        t("training.dataset"),
        [*told, ""],
        format_func=lambda key: dataset_name(told[key]) if key else t("training.folder_instead"),
    )
    if dataset:
        return {"dataset": dataset}
    return {"data": st.text_input(t("training.folder"), help=t("training.folder_help"))}


def dataset_name(one: DatasetRecord) -> str:
    """A version with how many series it has for what."""
    counts = {split: share.series for split, share in one.balance.items()}
    return t("training.dataset_cases", name=one.short_name, **counts)


def parent_name(name: str) -> str:
    """A model to begin with, or none."""
    return name or t("training.scratch")


def ask_thaw(layers: Any) -> dict[str, Any]:
    """Which layers of the parent learn."""
    numbers = st.multiselect(
        t("training.thaw"),
        range(len(layers)),
        format_func=lambda n: f"{n} {layers[n][0]} ({layers[n][1]:,})",
        placeholder=t("training.thaw_all"),
    )
    return {"thaw": tuple(sorted(numbers))} if numbers else {}


def ask_recipe(usual: dict[str, Any]) -> dict[str, Any]:
    """How is learnt; the defaults are those of the weights that ship."""
    with st.expander(t("training.recipe")):
        left, right = st.columns(2)
        chosen = {}
        for column, name, options in (
            (left, "optimizer", asking.OPTIMIZERS),
            (right, "loss", asking.LOSSES),
            (left, "augmentation", asking.AUGMENTATIONS),
        ):
            label = t(f"training.field_{name}")
            chosen[name] = column.selectbox(
                label,
                options,
                options.index(usual[name]),
                format_func=lambda value, name=name: t(f"training.choice_{name}_{value}"),
            )
        chosen["learning_rate"] = right.number_input(
            t("training.learning_rate"), 1e-6, 1.0, usual["learning_rate"], format="%.6f"
        )
        chosen["epochs"] = left.number_input(
            t("training.epochs"), 0.1, 10_000.0, float(usual["epochs"])
        )
        chosen["patience"] = right.number_input(
            t("training.patience"), 1, 1000, int(usual["patience"])
        )
        chosen["seed"] = left.number_input(t("training.seed"), 0, 2**31 - 1, usual["seed"])
        return chosen


def act(do: Any, *arguments: Any) -> Any:
    """Do it, or say why it cannot be done."""
    try:
        return do(*arguments)
    except LungcoreError as error:
        st.error(error.text(here.language))
        return None


@st.fragment(run_every=timedelta(seconds=2) if "cost" in st.session_state else None)
def show_cost() -> None:
    """What the plan would cost, once it is measured."""
    job_id = st.session_state.get("cost")
    if not job_id:
        return
    status = services.jobs.status(job_id)
    if status.state == "done" and status.result:
        found = status.result
        hours = timedelta(seconds=round(found["seconds"]))
        pace = f"{found['examples_per_second']:.1f}"
        st.info(t("training.cost", pace=pace, steps=f"{found['steps']:.0f}", time=hours))
    elif status.error:
        st.error(LungcoreError(status.error[0], **status.error[1]).text(here.language))
    else:
        st.caption(t(status.step))


@st.fragment(run_every=timedelta(seconds=2))
def show(training_id: str) -> None:
    """A training as it stands, with its curves."""
    with database.snapshot(services.engine) as session:
        one = trainings.find(session, training_id)
    lines = training.curve(services.settings, training_id)
    recipe = one.plan["recipe"]
    if (
        st.session_state.get("state", (training_id, one.state))
        == (training_id, "running")
        != (
            training_id,
            one.state,
        )
    ):
        st.session_state["state"] = (training_id, one.state)
        st.rerun()  # the list above names the state too
    st.session_state["state"] = (training_id, one.state)
    st.markdown(f"**{t(f'training.state_{one.state}')}** {one.model or ''}")
    if one.error:
        st.error(LungcoreError(one.error[0], **one.error[1]).text(here.language))
    if one.state == "running":
        status = services.jobs.status(one.job_id)
        st.progress(status.fraction, t(status.step))
    _charts.training_numbers(lines, one.plan, t)
    buttons = st.columns(3)
    owner = here.account_id
    if one.state == "running" and buttons[0].button(t("training.pause")):
        act(services.jobs.pause_training, training_id, owner)
        st.rerun(scope="fragment")
    if one.state in ("paused", "failed") and buttons[0].button(t("training.resume")):
        act(services.jobs.resume_training, training_id, owner)
        st.rerun(scope="fragment")
    if one.state in ("running", "paused", "failed") and buttons[1].button(t("training.cancel")):
        act(services.jobs.cancel_training, training_id, owner)
        st.rerun(scope="fragment")
    _charts.training_curves(lines, t)
    picture = training.examples(services.settings, training_id)
    if picture:
        st.image(picture, t("training.examples"))
    with st.expander(t("training.recipe")):
        st.json(recipe)


def choose() -> str | None:
    """Which training is looked at: the newest, unless another is chosen."""
    with database.snapshot(services.engine) as session:
        found = {one.training_id: one for one in trainings.list_trainings(session)}
    if not found:
        st.info(t("training.none"))
        return None

    def named(key: str) -> str:
        one = found[key]
        at = f"{one.started_at.astimezone():%Y-%m-%d %H:%M}"
        preset = t(f"training.preset_{one.plan['preset']}")
        return f"{at} {preset} {t(f'training.state_{one.state}')}"

    return st.selectbox(t("training.trainings"), list(found), format_func=named)


left, right = st.columns([2, 3], gap="large")
with left:
    st.subheader(t("training.new"))
    plan = ask()
    measure, start = st.columns(2)
    if measure.button(t("training.measure"), disabled=plan is None) and plan:
        st.session_state["cost"] = act(services.jobs.enqueue_cost, plan)
        st.rerun() if st.session_state["cost"] else None
    if start.button(t("training.start"), type="primary", disabled=plan is None) and plan:
        started = act(services.jobs.enqueue_training, plan, here.account_id)
        if started:
            st.rerun()
    show_cost()
with right:
    st.subheader(t("training.progress"))
    chosen = choose()
    if chosen:
        show(chosen)
