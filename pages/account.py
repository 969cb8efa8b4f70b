"""The reader's own account: language, password, sign out."""

import streamlit as st

from lungcore.errors import LungcoreError
from lungcore.language import LANGUAGES
from lungcore.records import accounts, database
from pages import _context

here = _context.account()
t = _context.texts(here)
engine = _context.services().engine

st.subheader(here.display_name or here.username)
st.caption(", ".join(t(f"pages.role_{role}") for role in sorted(here.roles)))


def keep_language() -> None:
    """Remember the language that was just chosen."""
    with database.transaction(engine) as session:
        accounts.set_language(session, here.account_id, st.session_state["language"])


st.segmented_control(
    t("pages.language"),
    list(LANGUAGES),
    format_func=LANGUAGES.__getitem__,
    default=here.language,
    required=True,
    key="language",
    on_change=keep_language,
)

with st.form("password", clear_on_submit=True, width=420):
    st.markdown(f"**{t('pages.change_password')}**")
    present = st.text_input(t("pages.present_password"), type="password")
    new = st.text_input(t("pages.new_password"), type="password", help=t("web.password_hint"))
    if st.form_submit_button(t("pages.change_password")):
        try:
            with database.transaction(engine) as session:
                accounts.change_password(session, here.account_id, present, new)
            st.success(t("pages.password_changed"))
        except LungcoreError as error:
            st.error(error.text(here.language))

# Signing out is a form of our own: it must clear the cookie, which a page cannot reach.
st.html(
    f'<form method="post" action="sign-out"><button style="padding:8px 16px;font:inherit;'
    f"color:inherit;background:transparent;border:1px solid #3a4454;border-radius:6px;"
    f'cursor:pointer">{t("pages.sign_out")}</button></form>'
)
