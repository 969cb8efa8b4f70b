"""Two series of a patient beside each other, at `/compare?series=UID&prior=UID`."""

import streamlit as st

from lungcore import viewer
from lungcore.web import assets
from pages import _context

here = _context.account()
t = _context.texts(here)
series_uid, prior_uid = (st.query_params.get(name, "") for name in ("series", "prior"))
if series_uid and prior_uid:
    st.html(_context.FULL_SCREEN)
    viewer.compare(series_uid, prior_uid, here.language, asset_base=assets.base())
else:
    st.info(t("pages.compare_needs_series"))
    st.page_link("worklist.py", label=t("pages.worklist"), icon=":material/list:")
