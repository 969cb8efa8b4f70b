"""How far readers agree with each other, and with the answers of reference cases."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from lungcore.findings.agreement import PairAgreement, ReaderAgreement, agreement_of_readers
from lungcore.findings.attributes import SCALES
from lungcore.findings.trends import MonthAgreement
from lungcore.records import agreeing, database, label_sources
from lungcore.records.agreeing import Agreement
from lungcore.web.answers import ADJUDICATORS
from pages import _agreement_charts, _context, _reference_scores
from pages._trend_charts import by_month, lines_of, told, told_whole

VIEWS = ("readers", "references")
ROLES = ("adjudicator", "model_owner")
MOST_ROWS, MOST_HEIGHT = 6, 220  # of the table of pairs, in rows and px; the rest is scrolled to
Columns = Mapping[str, Sequence[object]]
MOST_PAIRED = 4  # readers whose pairs are told unasked

here = _context.account()
t = _context.texts(here)
_context.require_role(here, *ROLES)
services = _context.services()


@st.cache_data(max_entries=32, show_spinner=False)
def agreement_of(readers: tuple[str, ...], fingerprint: str, _account_id: int) -> Agreement:
    """The agreement of readers; of the same content that may be seen it is computed once."""
    with database.snapshot(_context.services().engine) as session:
        return agreeing.agreement(session, readers, _context.services().masks, _account_id)


def mean_kappa(kappas: Sequence[float]) -> float:
    """Over the attributes that have one."""
    known = [value for value in kappas if not math.isnan(value)]
    return sum(known) / len(known) if known else math.nan


def show_pairs(pairs: Sequence[PairAgreement]) -> PairAgreement:
    """A row a pair; returns the one that is chosen, or the first."""
    rows = {
        "agreement.pair": [f"{one.first} – {one.second}" for one in pairs],
        "agreement.series": [one.series for one in pairs],
        "agreement.both": [one.both for one in pairs],
        "agreement.first_only": [one.first_only for one in pairs],
        "agreement.second_only": [one.second_only for one in pairs],
        "agreement.positive": [told_whole(one.positive_agreement) for one in pairs],
        "agreement.dice": [told(one.dice) for one in pairs],
        "agreement.kappa": [
            told(mean_kappa([rated.kappa for rated in one.ratings.values()])) for one in pairs
        ],
        "agreement.difference": [told_whole(one.diameters_mm.mean) for one in pairs],
    }
    chosen = st.dataframe(
        table(rows),
        hide_index=True,
        height="auto" if len(pairs) <= MOST_ROWS else MOST_HEIGHT,
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [0]}},
        on_select="rerun",
        key="pairs",
    )
    [number] = chosen.selection.rows or [0]
    return pairs[min(number, len(pairs) - 1)]


def show_readers(readers: Sequence[ReaderAgreement]) -> None:
    """A row a reader, against all others."""
    rows = {
        "agreement.reader": [one.reader for one in readers],
        "agreement.both": [one.both for one in readers],
        "agreement.alone": [one.alone for one in readers],
        "agreement.missed": [one.missed for one in readers],
        "agreement.positive": [told_whole(one.positive_agreement) for one in readers],
        "agreement.dice": [told(one.dice) for one in readers],
        "agreement.kappa": [told(mean_kappa(list(one.kappas.values()))) for one in readers],
    }
    show_table(rows)


def show_table(rows: Columns) -> None:
    """A table that nothing is chosen from."""
    st.dataframe(table(rows), hide_index=True)


def table(rows: Columns) -> pd.DataFrame:
    """Columns by the keys of their headings."""
    return pd.DataFrame({t(key): values for key, values in rows.items()})


def show_pair(pair: PairAgreement) -> None:
    """One pair: diameters against each other, and the ratings attribute by attribute."""
    left, right = st.columns(2, gap="large")
    with left:
        _agreement_charts.bland_altman(pair, t)
    with right:
        if not pair.ratings:
            st.caption(t("agreement.no_ratings"))
            return
        _agreement_charts.ratings(pair, t)
        rated = [(name, pair.ratings[name]) for name in SCALES if name in pair.ratings]
        with st.expander(t("agreement.figures")):
            show_table(
                {
                    "agreement.attribute": [t(f"agreement.attribute_{name}") for name, _ in rated],
                    "agreement.rated": [one.n for _, one in rated],
                    "agreement.kappa": [told(one.kappa) for _, one in rated],
                    "agreement.icc": [told_whole(one.icc) for _, one in rated],
                }
            )


def show_months(months: Sequence[MonthAgreement]) -> None:
    """Each reader month by month, in charts and figures."""
    if not months:
        st.info(t("agreement.no_months"))
        return
    left, right = st.columns(2, gap="large")
    with left:
        points = [(one.reader, one.month, one.positive_agreement) for one in months]
        title = t("agreement.positive")
        by_month(lines_of(points), title, key="positive-by-month", is_share=True)
    with right:
        rated = [(one.reader, one.month, one.kappa) for one in months]
        title = t("agreement.malignancy_kappa")
        by_month(lines_of(rated), title, key="kappa-by-month", is_share=True)
    rows = {
        "agreement.reader": [one.reader for one in months],
        "agreement.month": [one.month for one in months],
        "agreement.series": [one.series for one in months],
        "agreement.both": [one.both for one in months],
        "agreement.alone": [one.alone for one in months],
        "agreement.missed": [one.missed for one in months],
        "agreement.positive": [told_whole(one.positive_agreement) for one in months],
        "agreement.malignancy_kappa": [told(one.kappa) for one in months],
        "agreement.rated": [one.rated for one in months],
    }
    show_table(rows)
    st.caption(t("agreement.months_meaning"))


view = st.segmented_control(
    t("agreement.view"),
    VIEWS,
    default=VIEWS[0],
    required=True,
    format_func=lambda one: t(f"agreement.view_{one}"),
    label_visibility="collapsed",
)
if view == "references":
    _reference_scores.show(services.engine, here, t)
    st.stop()
with database.snapshot(services.engine) as session:
    readers = label_sources.reader_names(session, here.account_id)
    adjudicators = label_sources.adjudicator_names(session, here.account_id)
if len(readers) < 2:
    st.info(t("agreement.nobody"))
    st.stop()
everybody = [*readers, *(name for name in adjudicators if name not in readers)]
chosen = st.multiselect(t("agreement.readers"), everybody, default=readers[:MOST_PAIRED])
if not here.roles.isdisjoint(ADJUDICATORS):
    st.page_link("adjudication.py", label=t("adjudication.title"), icon=":material/balance:")
with database.snapshot(services.engine) as session:
    now = agreeing.fingerprint(session, chosen, here.account_id)
found = agreement_of(tuple(sorted(chosen)), now, here.account_id)
if not found.pairs:
    st.info(t("agreement.choose_two"))
    st.stop()
by_pair, by_reader, over_time = st.tabs(
    [t("agreement.by_pair"), t("agreement.by_reader"), t("agreement.over_time")]
)
with by_pair:
    show_pair(show_pairs(found.pairs))
with by_reader:
    show_readers(agreement_of_readers(found.pairs))
with over_time:
    show_months(found.months)
st.caption(t("agreement.meaning"))
