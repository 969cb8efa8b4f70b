"""The review page: one series in the viewer, at the stable address `/review?series=UID`."""

import streamlit as st

from lungcore import viewer
from lungcore.web import assets
from pages import _context

here = _context.account()
t = _context.texts(here)
series_uid = st.query_params.get("series", "")
if series_uid:
    st.html(_context.FULL_SCREEN)
    viewer.show(series_uid, here.language, asset_base=assets.base(), key=f"viewer-{series_uid}")
else:
    st.info(t("pages.review_needs_series"))
    st.page_link("worklist.py", label=t("pages.worklist"), icon=":material/list:")
