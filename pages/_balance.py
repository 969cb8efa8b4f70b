"""What a dataset holds, as numbers and as histograms by split."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from lungcore.findings.balance import RATINGS, SIZES_MM, Share
from lungcore.findings.dataset import SPLITS, Split

Texts = Callable[..., str]
COLOURS: Mapping[Split, str] = {"train": "#4ea1ff", "validation": "#e0b04a", "test": "#5fc48d"}
HEIGHT = 240
MARGINS = {"l": 36, "r": 8, "t": 36, "b": 8}
LEGEND = {
    "orientation": "h",
    "traceorder": "normal",
    "x": 0,
    "y": 1.02,
    "yanchor": "bottom",
    "font": {"size": 11},
    "itemwidth": 30,
}
PLAIN = {"displayModeBar": False}


def show(balance: Mapping[Split, Share], t: Texts, key: str) -> None:
    """The table of counts and three histograms: sizes, textures, malignancies.

    key: tells one showing on a page from another.
    """
    _counts(balance, t)
    sizes = [*(f"{low}-{high}" for low, high in pairwise(SIZES_MM)), f"≥{SIZES_MM[-1]}"]
    charts = {
        "sizes": [*sizes, t("datasets.unsized")],
        "textures": [*(t(f"datasets.texture_{n}") for n in RATINGS), t("datasets.unrated")],
        "malignancies": [*(t(f"datasets.malignancy_{n}") for n in RATINGS), t("datasets.unrated")],
    }
    for column, (name, bins) in zip(st.columns(len(charts)), charts.items(), strict=True):
        counts = {split: getattr(balance[split], name) for split in SPLITS}
        with column:
            st.markdown(f"**{t(f'datasets.chart_{name}')}**")
            chart = _histogram(bins, counts, t)
            st.plotly_chart(chart, key=f"{key}-{name}", config=PLAIN)


def _counts(balance: Mapping[Split, Share], t: Texts) -> None:
    names = ("patients", "series", "negatives", "nodules")
    st.dataframe(
        pd.DataFrame(
            {
                t("datasets.split"): [t(f"datasets.split_{split}") for split in SPLITS],
                **{
                    t(f"datasets.count_{name}"): [getattr(balance[split], name) for split in SPLITS]
                    for name in names
                },
            }
        ),
        hide_index=True,
    )


def _histogram(bins: Sequence[str], counts: Mapping[Split, Sequence[int]], t: Texts) -> go.Figure:
    """Stacked bars: nodules by bin, a colour a split."""
    highest = max(map(sum, zip(*counts.values(), strict=True)))
    chart = go.Figure()
    for split in SPLITS:
        name = t(f"datasets.split_{split}")
        chart.add_bar(x=bins, y=list(counts[split]), name=name, marker_color=COLOURS[split])
    chart.update_layout(
        barmode="stack",
        height=HEIGHT,
        margin=MARGINS,
        showlegend=True,
        legend=LEGEND,
        xaxis={"type": "category", "tickfont": {"size": 10}},
        yaxis={"rangemode": "tozero", "nticks": 5, "dtick": 1 if highest < 5 else None},
    )
    return chart
