"""Figures of readers month by month, in charts, and how a figure is written."""

import math
from collections.abc import Iterable, Mapping

import plotly.graph_objects as go
import streamlit as st

from lungcore.findings.statistics import Estimate

HEIGHT = 250
PLAIN = {"displayModeBar": False}
COLOURS = ("#4ea1ff", "#e0b04a", "#5fc48d", "#d27ad6", "#e0705a", "#8a94a6")
Lines = Mapping[str, list[tuple[str, Estimate]]]


def told(value: float) -> str:
    """A figure, or a dash where the numbers do not give it."""
    return "–" if math.isnan(value) else f"{value:.2f}"


def told_whole(estimate: Estimate) -> str:
    """A figure with its 95 % interval."""
    if math.isnan(estimate.low):
        return told(estimate.value)
    return f"{estimate.value:.2f} ({estimate.low:.2f}, {estimate.high:.2f})"


def lines_of(points: Iterable[tuple[str, str, Estimate | float]]) -> Lines:
    """(reader, month, figure) as a line a reader, without what the numbers do not give."""
    lines: dict[str, list[tuple[str, Estimate]]] = {}
    for reader, month, value in points:
        whole = value if isinstance(value, Estimate) else Estimate(value, math.nan, math.nan)
        if not math.isnan(whole.value):
            lines.setdefault(reader, []).append((month, whole))
    return lines


def by_month(lines: Lines, title: str, *, key: str, is_share: bool = False) -> None:
    """A line a reader with the intervals of its points; side by side, so that none hides another.

    is_share: the figure is at most 1.
    """
    if not lines:
        st.markdown(f"**{title}**")
        st.caption("–")
        return
    chart = go.Figure()
    values = [one.value for points in lines.values() for _, one in points]
    low, high = min(0.0, *values), 1.0 if is_share else max(0.1, *values)
    for number, (reader, points) in enumerate(lines.items()):
        months, found = zip(*points, strict=True)
        colour = COLOURS[number % len(COLOURS)]
        chart.add_scatter(
            x=months,
            y=[one.value for one in found],
            name=reader,
            mode="lines+markers",
            line={"color": colour, "width": 1},
            marker={"size": 8},
            offsetgroup=reader,
            error_y={
                "array": [one.high - one.value for one in found],
                "arrayminus": [one.value - one.low for one in found],
                "thickness": 1,
            },
            hovertemplate="%{x}: %{y:.2f}<extra>%{fullData.name}</extra>",
        )
    chart.update_layout(
        title={"text": title, "font": {"size": 13}},
        height=HEIGHT,
        margin={"l": 40, "r": 8, "t": 36, "b": 24},
        scattermode="group",
        scattergap=0.8,
        showlegend=True,
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        xaxis={"type": "category", "categoryorder": "category ascending"},
        yaxis={"range": [low - 0.05 * (high - low), high + 0.08 * (high - low)]},
    )
    st.plotly_chart(chart, key=key, config=PLAIN)
