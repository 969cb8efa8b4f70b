"""The charts of trainings, comparisons and models in use."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import plotly.graph_objects as go
import streamlit as st

Texts = Callable[..., str]
COLOURS = {"in_use": "#8a94a6", "candidate": "#3b82c4"}
BANDS = {"in_use": "rgba(138,148,166,0.18)", "candidate": "rgba(59,130,196,0.18)"}
HEIGHT = 300


def training_numbers(lines: Sequence[Mapping[str, Any]], plan: Mapping[str, Any], t: Texts) -> None:
    """Epoch, learning rate, best validation and time left."""
    steps = [line for line in lines if "rate" in line]
    if not steps:
        return
    recipe = plan["recipe"]
    last = max(steps, key=lambda line: line["step"])
    total = round(recipe["epochs"] * recipe["epoch_steps"])
    validated = [line["val_loss"] for line in lines if "val_loss" in line]
    epoch = f"{last['step'] / recipe['epoch_steps']:.1f} / {recipe['epochs']:g}" if total else "-"
    left_s = last["seconds"] / last["step"] * (total - last["step"]) if total else 0
    columns = st.columns(4)
    columns[0].metric(t("training.epoch"), epoch)
    columns[1].metric(t("training.rate"), f"{last['rate']:.2g}")
    columns[2].metric(t("training.best"), f"{min(validated):.4f}" if validated else "-")
    columns[3].metric(t("training.time_left"), str(timedelta(seconds=round(max(0, left_s)))))


def training_curves(lines: Sequence[Mapping[str, Any]], t: Texts) -> None:
    """Loss of each step and of each validation; the learning rate on an axis of its own."""
    if not lines:
        return
    chart = go.Figure()
    for member in sorted({line.get("member", 0) for line in lines}):
        own = [line for line in lines if line.get("member", 0) == member]
        for name, key, colour, width in (
            ("training.loss", "loss", BANDS["in_use"].replace("0.18", "0.8"), 1),
            ("training.val_loss", "val_loss", COLOURS["candidate"], 2),
        ):
            told = [line for line in own if key in line]
            x, y = [line["step"] for line in told], [line[key] for line in told]
            style = {"color": colour, "width": width}
            chart.add_scatter(x=x, y=y, name=t(name), line=style, showlegend=member == 0)
    rates = [line for line in lines if "rate" in line and line.get("member", 0) == 0]
    chart.add_scatter(
        x=[line["step"] for line in rates],
        y=[line["rate"] for line in rates],
        name=t("training.rate"),
        yaxis="y2",
        line={"color": "#c48a3b", "width": 1, "dash": "dot"},
    )
    chart.update_layout(
        yaxis={"title": t("training.loss"), "rangemode": "tozero"},
        yaxis2={
            "overlaying": "y",
            "side": "right",
            "showgrid": False,
            "rangemode": "tozero",
            "tickformat": ".1e",
            "nticks": 4,
            "tickmode": "auto",
            "title": t("training.rate"),
        },
        xaxis={"title": t("training.step")},
    )
    draw(chart, "curves")


def froc(result: Mapping[str, Any], t: Texts) -> None:
    """Sensitivity against false positives a scan, with bootstrap bands."""
    chart, rates = go.Figure(), result["rates"]
    for side, told in result["sides"].items():
        band = {"fill": "toself", "fillcolor": BANDS[side], "line": {"width": 0}}
        chart.add_scatter(
            x=[*rates, *rates[::-1]],
            y=[*told["high"], *told["low"][::-1]],
            hoverinfo="skip",
            showlegend=False,
            **band,
        )
        line = {"color": COLOURS[side], "width": 2}
        chart.add_scatter(x=rates, y=told["sensitivity"], name=t(f"models.side_{side}"), line=line)
    chart.update_layout(
        xaxis={"title": t("models.false_positives"), "type": "log"},
        yaxis={"title": t("models.sensitivity"), "range": [0, 1]},
    )
    draw(chart, "froc")


def roc(result: Mapping[str, Any], name: str, t: Texts) -> None:
    """True against false positive rate of both sides."""
    chart = go.Figure()
    for side, told in result["sides"].items():
        if points := told.get(f"roc_{name}"):
            x, y = zip(*points, strict=True)
            line = {"color": COLOURS[side], "width": 2}
            chart.add_scatter(x=x, y=y, name=t(f"models.side_{side}"), line=line)
    chart.update_layout(
        xaxis={"title": t("models.false_positive_rate"), "range": [0, 1]},
        yaxis={"title": t("models.true_positive_rate"), "range": [0, 1]},
    )
    draw(chart, f"roc-{name}")


def calibration(result: Mapping[str, Any], t: Texts) -> None:
    """Share of hits against what was said, a point as large as its bin."""
    chart = go.Figure()
    chart.add_scatter(x=[0, 1], y=[0, 1], line={"color": "#999", "dash": "dot"}, showlegend=False)
    for side, told in result["sides"].items():
        bins = told["calibration"]["bins"]
        sizes = [6 + min(18, count**0.5) for _, _, count in bins]
        chart.add_scatter(
            x=[said for said, _, _ in bins],
            y=[seen for _, seen, _ in bins],
            name=t(f"models.side_{side}"),
            mode="lines+markers",
            marker={"size": sizes, "color": COLOURS[side]},
        )
    chart.update_layout(
        xaxis={"title": t("models.said"), "range": [0, 1]},
        yaxis={"title": t("models.seen"), "range": [0, 1]},
    )
    draw(chart, "calibration")


def acceptance(found: Sequence[Any], t: Texts) -> None:
    """The share of findings that readers kept, month by month, a line a model."""
    chart = go.Figure()
    for model in sorted({one.model for one in found}):
        own = [one for one in found if one.model == model and one.acceptance is not None]
        chart.add_scatter(
            x=[one.month for one in own],
            y=[one.acceptance for one in own],
            name=model,
            mode="lines+markers",
        )
    chart.update_layout(
        xaxis={"type": "category"}, yaxis={"title": t("models.acceptance"), "range": [0, 1]}
    )
    draw(chart, "acceptance")


def draw(chart: go.Figure, key: str) -> None:
    """A chart in the house's proportions."""
    chart.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 24, "b": 8},
        legend={"orientation": "h", "y": 1.12},
    )
    st.plotly_chart(chart, key=key, config={"displayModeBar": False})
