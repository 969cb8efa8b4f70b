"""The frame around every page: navigation, and the line that says what this is not."""

from pathlib import Path

import streamlit as st

from lungcore.web.answers import ADJUDICATORS, READERS, ROUND_MAKERS
from pages import _context

# A Material symbol as page icon would be fetched from another site.
ICON = Path(__file__).resolve().parent.parent / "lungcore" / "web" / "static" / "icon.svg"
DENSE = """
<style>
  .stMainBlockContainer { padding: 64px 24px 16px; }
  .stMain footer { display: none; }
</style>
"""

here = _context.account()
t = _context.texts(here)

worklist = st.Page("worklist.py", title=t("pages.worklist"), icon=":material/list:", default=True)
review = st.Page(
    "review.py", title=t("pages.review"), icon=":material/radiology:", visibility="hidden"
)
compare = st.Page(
    "compare.py", title=t("pages.compare"), icon=":material/compare:", visibility="hidden"
)
history = st.Page(
    "history.py", title=t("history.title"), icon=":material/history:", visibility="hidden"
)
account = st.Page("account.py", title=t("pages.account"), icon=":material/person:")
administration = st.Page(
    "administration.py", title=t("pages.administration"), icon=":material/admin_panel_settings:"
)
queue = st.Page("queue.py", title=t("rounds.queue"), icon=":material/assignment:")
rounds = st.Page("rounds.py", title=t("rounds.rounds"), icon=":material/groups:")
datasets = st.Page("datasets.py", title=t("pages.datasets"), icon=":material/dataset:")
adjudication = st.Page("adjudication.py", title=t("adjudication.title"), icon=":material/balance:")
adjudicate = st.Page(
    "adjudicate.py",
    title=t("adjudication.title"),
    icon=":material/balance:",
    visibility="hidden",
)
agreement = st.Page("agreement.py", title=t("pages.agreement"), icon=":material/handshake:")
models = st.Page("models.py", title=t("pages.models"), icon=":material/model_training:")
training = st.Page("training.py", title=t("pages.training"), icon=":material/monitoring:")
listed = [worklist]
if not here.roles.isdisjoint(READERS):
    listed.append(queue)
if not here.roles.isdisjoint(ROUND_MAKERS):
    listed.append(rounds)
if not here.roles.isdisjoint({"adjudicator", "model_owner"}):
    listed.append(agreement)
if not here.roles.isdisjoint(ADJUDICATORS):
    listed.append(adjudication)
if "model_owner" in here.roles:
    listed += [datasets, training, models]
if "administrator" in here.roles:
    listed.append(administration)
listed.append(account)

st.set_page_config(page_title=t("web.product"), layout="wide", page_icon=str(ICON))
st.html(DENSE)
full_screen = [review, compare]
if adjudication in listed:
    full_screen.append(adjudicate)
page = st.navigation([*listed, *full_screen, history], position="top")
page.run()
if page not in full_screen:
    st.caption(t("web.disclaimer"), text_alignment="center")
