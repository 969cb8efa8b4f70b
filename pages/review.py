"""The review page: one series in the viewer, at the stable address `/review?series=UID`.

With `&at=X,Y,Z` it begins at that place, in LPS mm.
"""

import math

import streamlit as st

from lungcore import viewer
from lungcore.web import assets
from pages import _context


def place_of(told: str) -> tuple[float, float, float] | None:
    """The place that an address names, or None when it names none."""
    try:
        x, y, z = map(float, told.split(","))
    except ValueError:
        return None
    return (x, y, z) if all(map(math.isfinite, (x, y, z))) else None


here = _context.account()
t = _context.texts(here)
series_uid = st.query_params.get("series", "")
if series_uid:
    st.html(_context.FULL_SCREEN)
    viewer.show(
        series_uid,
        here.language,
        asset_base=assets.base(),
        at=place_of(st.query_params.get("at", "")),
        key=f"viewer-{series_uid}",
    )
else:
    st.info(t("pages.review_needs_series"))
    st.page_link("worklist.py", label=t("pages.worklist"), icon=":material/list:")
