"""Parts of the page of models: card, figures of a comparison, models in use, history."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import streamlit as st
from sqlalchemy import Engine

from lungcore.errors import LungcoreError
from lungcore.jobs.client import JobsClient
from lungcore.language import text
from lungcore.records import database, watching
from lungcore.records import models as registry
from lungcore.records.models import ModelRecord
from pages import _charts

Texts = Callable[..., str]
SIDES = ("in_use", "candidate")


def probe_text(model: ModelRecord, t: Texts) -> str:
    """What came of the model on the phantom, in words."""
    probe = model.probe
    if probe is None:
        return t("models.probe_none")
    if not probe["ok"]:
        return t(probe["key"], **probe["values"])
    return t("models.probe_ok", found=probe["found"], nodules=probe["nodules"])


def show_card(model: ModelRecord, t: Texts) -> None:
    """What is known of a model."""
    card = model.card
    told = {
        "trained_on": card["trained_on"],
        "split": card["split"],
        "limits": card["limits"],
        "dataset": card.get("dataset") or "-",
        "parent": card.get("parent") or "-",
        "code": card.get("code") or "-",
        "seed": card["seed"],
        "created": card["created"],
        "sha256": model.sha256,
        "probe": probe_text(model, t),
    }
    left, right = st.columns([3, 2], gap="large")
    for name, value in told.items():
        left.markdown(f"**{t(f'models.card_{name}')}** {value}")
    if card["figures"]:
        rows = [
            {
                t("models.figure"): name,
                t("models.value"): f"{figure['value']:.4g}",
                t("models.interval"): _interval(figure.get("interval")),
                t("models.set"): str(figure.get("set", "")),
            }
            for name, figure in card["figures"].items()
            if isinstance(figure, dict) and isinstance(figure.get("value"), int | float)
        ]
        right.dataframe(pd.DataFrame(rows), hide_index=True, height=320)
    for name in ("recipe", "inputs", "settings"):
        if card.get(name):
            with right.expander(t(f"models.card_{name}")):
                st.json(card[name], expanded=False)


def _interval(ends: Any) -> str:
    return f"{ends[0]:.3g} - {ends[1]:.3g}" if isinstance(ends, list) and len(ends) == 2 else "-"


def show_result(result: Mapping[str, Any], t: Texts) -> None:
    """The figures of a comparison, its charts, and the nodules gained and lost."""
    st.caption(t("models.test_size", scans=result["scans"], nodules=result["nodules"]))
    columns = st.columns(4)
    for column, name in ((columns[0], "operating"), (columns[1], "cpm")):
        sides = [result["sides"][side][name] for side in SIDES]
        value, low, high = result["difference"][name]
        column.metric(
            t(f"models.figure_{name}"),
            f"{sides[0][0]:.3f} → {sides[1][0]:.3f}",
            f"{value:+.3f} ({low:+.3f}, {high:+.3f})",
        )
    for column, name in ((columns[2], "nodule"), (columns[3], "malignancy")):
        if told := result["delong"][name]:
            value, low, high = told["difference"]
            column.metric(
                t(f"models.figure_auc_{name}"),
                _p(told["p"]),
                f"{value:+.3f} ({low:+.3f}, {high:+.3f})",
            )
    left, right = st.columns(2)
    with left:
        st.markdown(f"**{t('models.chart_froc')}**")
        _charts.froc(result, t)
    with right:
        st.markdown(f"**{t('models.chart_calibration')}**")
        _charts.calibration(result, t)
    for column, name in ((left, "nodule"), (right, "malignancy")):
        if result["delong"][name]:
            with column:
                st.markdown(f"**{t(f'models.chart_roc_{name}')}**")
                _charts.roc(result, name, t)
    st.markdown(f"**{t('models.strata')}**")
    st.dataframe(_strata(result["strata"], t), hide_index=True)
    gained, lost = st.columns(2)
    for column, name in ((gained, "gained"), (lost, "lost")):
        with column:
            st.markdown(f"**{t(f'models.change_{name}', n=len(result[name]))}**")
            _show_changes(result[name], t)


def _p(value: float) -> str:
    return f"p = {value:.3g}" if value >= 0.0001 else "p < 0.0001"


def _strata(strata: Sequence[Mapping[str, Any]], t: Texts) -> pd.DataFrame:
    return pd.DataFrame(
        {
            t("models.by"): [t(f"models.by_{one['by']}") for one in strata],
            t("models.group"): [_group(one, t) for one in strata],
            t("models.nodules"): [one["nodules"] for one in strata],
            **{
                t(f"models.side_{side}"): [
                    f"{one[side][0]:.2f} ({one[side][1]:.2f}, {one[side][2]:.2f})" for one in strata
                ]
                for side in SIDES
            },
        }
    )


def _group(one: Mapping[str, Any], t: Texts) -> str:
    name = one["name"]
    return t(f"models.group_{name}") if name.replace("_", "").isalpha() and _is_told(name) else name


def _is_told(name: str) -> bool:
    return name in ("ground_glass", "part_solid", "solid", "not_rated", "not_told")


def _show_changes(changes: Sequence[Mapping[str, Any]], t: Texts) -> None:
    """Each nodule with its probabilities, one click from the viewer."""
    rows = [
        {
            t("models.open"): _place_in_viewer(one),
            t("models.diameter"): one["diameter_mm"],
            "x, y, z": ", ".join(f"{mm:.0f}" for mm in one["center_mm"]),
            **{t(f"models.side_{side}"): one["probability"][side] for side in SIDES},
        }
        for one in changes
    ]
    link = st.column_config.LinkColumn(display_text=t("models.open_series"))
    st.dataframe(pd.DataFrame(rows), hide_index=True, column_config={t("models.open"): link})


def _place_in_viewer(change: Mapping[str, Any]) -> str:
    x, y, z = change["center_mm"]
    return f"review?series={change['series_uid']}&at={x:.1f},{y:.1f},{z:.1f}"


def show_watch(engine: Engine, account_id: int, t: Texts) -> None:
    """What readers made of the findings, and studies outside of the training data."""
    with database.snapshot(engine) as session:
        found = watching.verdicts(session, shown_to=account_id)
        studies = watching.inputs(session, account_id)
    odd = [one for one in studies if one.reasons]
    if studies and len(odd) > len(studies) * 0.2:
        st.warning(t("models.drift", n=len(odd), of=len(studies)))
    if found:
        _charts.acceptance(found, t)
        names = ("readings", "findings", "accepted", "edited", "rejected", "undecided", "added")
        table = {t("models.name"): [one.model for one in found]}
        table |= {t("models.month"): [one.month for one in found]}
        table |= {t(f"models.count_{n}"): [getattr(one, n) for one in found] for n in names}
        st.dataframe(pd.DataFrame(table), hide_index=True)
    else:
        st.info(t("models.nothing_signed"))
    st.markdown(f"**{t('models.out_of_range', n=len(odd), of=len(studies))}**")
    rows = [
        {
            t("models.open"): f"review?series={one.series_uid}",
            t("models.why"): "; ".join(t(reason.key, **reason.values) for reason in one.reasons),
        }
        for one in odd[:100]
    ]
    if rows:
        link = st.column_config.LinkColumn(display_text=t("models.open_series"), width="small")
        st.dataframe(pd.DataFrame(rows), hide_index=True, column_config={t("models.open"): link})


def show_history(engine: Engine, t: Texts) -> None:
    """Everything that was done with models."""
    with database.snapshot(engine) as session:
        events = registry.history(session)
    st.dataframe(
        pd.DataFrame(
            {
                t("models.when"): [f"{e.at.astimezone():%Y-%m-%d %H:%M}" for e in events],
                t("models.act"): [t(f"models.act_{e.act}") for e in events],
                t("models.name"): [e.name for e in events],
                t("models.who"): [" + ".join(filter(None, (e.actor, e.second))) for e in events],
                t("models.reason"): [e.reason for e in events],
            }
        ),
        hide_index=True,
    )


@st.fragment(run_every=timedelta(seconds=2))
def show_job(key: str, jobs: JobsClient, language: str) -> None:
    """The job that the page started, until it has ended; then the page is drawn anew."""
    job_id = st.session_state.get(key)
    if not job_id:
        return
    status = jobs.status(job_id)
    if status.error:
        st.error(LungcoreError(status.error[0], **status.error[1]).text(language))
    elif not status.ended:
        st.progress(status.fraction, text(status.step, language))
    else:
        del st.session_state[key]
        st.rerun()
