"""The frame around every page: navigation, and the line that says what this is not."""

import streamlit as st

from pages import _context

here = _context.account()
t = _context.texts(here)

worklist = st.Page("worklist.py", title=t("pages.worklist"), icon=":material/list:", default=True)
review = st.Page(
    "review.py", title=t("pages.review"), icon=":material/radiology:", visibility="hidden"
)
account = st.Page("account.py", title=t("pages.account"), icon=":material/person:")
administration = st.Page(
    "administration.py", title=t("pages.administration"), icon=":material/admin_panel_settings:"
)
listed = [worklist, account]
if "administrator" in here.roles:
    listed.insert(1, administration)

st.set_page_config(page_title=t("web.product"), layout="wide", page_icon=":material/radiology:")
page = st.navigation([*listed, review], position="top")
page.run()
if page is not review:
    st.caption(t("web.disclaimer"), text_alignment="center")
