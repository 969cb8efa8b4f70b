"""One series between its readers, at the stable address `/adjudicate?series=UID`."""

import streamlit as st

from lungcore import viewer
from lungcore.web import assets
from lungcore.web.answers import ADJUDICATORS
from pages import _context

here = _context.account()
t = _context.texts(here)
_context.require_role(here, *ADJUDICATORS)
series_uid = st.query_params.get("series", "")
if series_uid:
    st.html(_context.FULL_SCREEN)
    viewer.adjudicate(series_uid, here.language, asset_base=assets.base())
else:
    st.info(t("adjudication.needs_series"))
    st.page_link("adjudication.py", label=t("adjudication.title"), icon=":material/balance:")
