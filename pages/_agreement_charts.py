"""One pair of readers in charts: Bland-Altman of diameters, and kappa and ICC of ratings."""

import math
from collections.abc import Callable

import plotly.graph_objects as go
import streamlit as st

from lungcore.findings.agreement import PairAgreement
from lungcore.findings.attributes import SCALES

Texts = Callable[..., str]
POINT, MEAN, LIMIT = "#4ea1ff", "#e6e9ee", "#e0b04a"
ICC = "#5fc48d"
HEIGHT = 270
PLAIN = {"displayModeBar": False}


def bland_altman(pair: PairAgreement, t: Texts) -> None:
    """Difference against mean of the diameters of each nodule, with mean and limits."""
    means = [(a + b) / 2 for a, b in pair.sized_mm]
    differences = [a - b for a, b in pair.sized_mm]
    chart = go.Figure()
    chart.add_scatter(
        x=means,
        y=differences,
        mode="markers",
        marker={"color": POINT, "size": 6, "opacity": 0.6},
        hovertemplate="%{x:.1f} mm: %{y:+.1f} mm<extra></extra>",
    )
    lines = pair.diameters_mm
    for estimate, colour, dash in (
        (lines.mean, MEAN, "solid"),
        (lines.lower, LIMIT, "dash"),
        (lines.upper, LIMIT, "dash"),
    ):
        if not math.isnan(estimate.value):
            chart.add_hline(
                estimate.value,
                line={"color": colour, "width": 1, "dash": dash},
                annotation={"text": f"{estimate.value:+.1f}", "font": {"size": 11}},
            )
    chart.update_layout(
        title={"text": f"{pair.first} – {pair.second}", "font": {"size": 13}},
        height=HEIGHT,
        margin={"l": 48, "r": 36, "t": 36, "b": 40},
        showlegend=False,
        xaxis={"title": t("agreement.mean_mm")},
        yaxis={"title": t("agreement.difference_mm")},
    )
    st.plotly_chart(chart, key="bland-altman", config=PLAIN)
    st.caption(t("agreement.bland_altman") if lines.n > 1 else t("agreement.too_few"))


def ratings(pair: PairAgreement, t: Texts) -> None:
    """Kappa and ICC of each attribute that both rated, with the interval of the ICC."""
    names = [name for name in SCALES if name in pair.ratings]
    told = [t(f"agreement.attribute_{name}") for name in names]
    found = [pair.ratings[name] for name in names]
    lows = [
        value
        for one in found
        for value in (one.kappa, one.icc.value, one.icc.low)
        if not math.isnan(value)
    ]
    chart = go.Figure()
    chart.add_bar(
        x=told, y=[one.kappa for one in found], name=t("agreement.kappa"), marker_color=POINT
    )
    chart.add_scatter(
        x=told,
        y=[one.icc.value for one in found],
        name=t("agreement.icc"),
        mode="markers",
        marker={"color": ICC, "size": 8},
        error_y={
            "array": [one.icc.high - one.icc.value for one in found],
            "arrayminus": [one.icc.value - one.icc.low for one in found],
            "color": ICC,
            "thickness": 1,
        },
    )
    chart.update_layout(
        title={"text": t("agreement.ratings"), "font": {"size": 13}},
        height=HEIGHT,
        margin={"l": 36, "r": 8, "t": 36, "b": 8},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        yaxis={"range": [min([-0.1, *lows]) - 0.05, 1.05]},
    )
    st.plotly_chart(chart, key="ratings", config=PLAIN)
