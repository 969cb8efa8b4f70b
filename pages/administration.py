"""Accounts and roles, and the health of the installation."""

import pandas as pd
import streamlit as st

from lungcore.errors import LungcoreError
from lungcore.language import LANGUAGES
from lungcore.records import accounts, database
from pages import _context

here = _context.account()
t = _context.texts(here)
_context.require_role(here, "administrator")
engine = _context.services().engine


def show_accounts() -> None:
    """The accounts, with a form to add one and a control to disable one."""
    with database.snapshot(engine) as session:
        everyone = accounts.list_accounts(session)
    st.subheader(t("pages.accounts"))
    st.dataframe(
        pd.DataFrame(
            {
                t("web.username"): [one.username for one in everyone],
                t("pages.name"): [one.display_name for one in everyone],
                t("pages.roles"): [
                    ", ".join(t(f"pages.role_{role}") for role in sorted(one.roles))
                    for one in everyone
                ],
                t("pages.language"): [LANGUAGES[one.language] for one in everyone],
                t("pages.enabled"): [not one.disabled for one in everyone],
            }
        ),
        hide_index=True,
    )


def add_account() -> None:
    """The form that makes a new account."""
    with st.form("add", clear_on_submit=True, width=520):
        st.markdown(f"**{t('pages.add_account')}**")
        username = st.text_input(t("web.username"))
        display_name = st.text_input(t("pages.name"))
        roles = st.pills(
            t("pages.roles"),
            sorted(accounts.ROLES),
            selection_mode="multi",
            default=["clinician"],
            format_func=lambda role: t(f"pages.role_{role}"),
        )
        password = st.text_input(t("web.password"), type="password", help=t("web.password_hint"))
        if not st.form_submit_button(t("pages.add_account")):
            return
    try:
        with database.transaction(engine) as session:
            accounts.add_account(
                session,
                username,
                password,
                display_name=display_name,
                roles=tuple(roles),
                language=here.language,
            )
    except LungcoreError as error:
        st.error(error.text(here.language))
    else:
        st.rerun()


show_accounts()
add_account()
