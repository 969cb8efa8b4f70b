"""How each reader does on reference cases, whose answers are known: in figures and over time."""

from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st
from sqlalchemy import Engine

from lungcore.findings.references import Score, scores, scores_over_time
from lungcore.records import database, references
from lungcore.records.accounts import Account
from pages._trend_charts import by_month, lines_of, told, told_whole

Texts = Callable[..., str]


def show(engine: Engine, here: Account, t: Texts) -> None:
    """The scores of all readers, as far as rounds do not hide them from the account here."""
    with database.snapshot(engine) as session:
        reads = references.reads(session, here.account_id)
    if not reads:
        st.info(t("agreement.no_references"))
        return
    _show_table(scores(reads), t)
    _show_months(scores_over_time(reads), t)
    st.caption(t("agreement.references_meaning"))


def _show_table(found: Sequence[Score], t: Texts) -> None:
    columns = {
        "agreement.reader": [one.reader for one in found],
        "agreement.scans": [one.scans for one in found],
        "agreement.unscored": [one.unscored for one in found],
        "agreement.found_of": [f"{one.found} / {one.nodules}" for one in found],
        "agreement.sensitivity": [told_whole(one.sensitivity) for one in found],
        "agreement.false_per_scan": [told(one.false_per_scan) for one in found],
        "agreement.error_mm": [told(one.error_mm) for one in found],
        "agreement.malignancy_kappa": [told(one.kappa) for one in found],
        "agreement.rated": [one.rated for one in found],
    }
    st.dataframe(pd.DataFrame({t(key): of_key for key, of_key in columns.items()}), hide_index=True)


def _show_months(found: Sequence[Score], t: Texts) -> None:
    places = [place for _ in range(2) for place in st.columns(2, gap="large")]
    for place, name in zip(
        places, ("sensitivity", "false_per_scan", "error_mm", "kappa"), strict=True
    ):
        points = [(one.reader, one.month, getattr(one, name)) for one in found]
        title = t("agreement.malignancy_kappa" if name == "kappa" else f"agreement.{name}")
        with place:
            is_share = name in ("sensitivity", "kappa")
            by_month(lines_of(points), title, key=f"reference-{name}", is_share=is_share)
