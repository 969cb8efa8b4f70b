"""Accounts and roles, and the health of the installation."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from lungcore import doctor
from lungcore.errors import LungcoreError
from lungcore.language import LANGUAGES
from lungcore.records import accounts, database
from pages import _context

here = _context.account()
t = _context.texts(here)
_context.require_role(here, "administrator")
engine = _context.services().engine


def show_accounts(everyone: list[accounts.Account]) -> None:
    """The accounts as a table."""
    st.subheader(t("pages.accounts"))
    st.dataframe(
        pd.DataFrame(
            {
                t("web.username"): [one.username for one in everyone],
                t("pages.name"): [one.display_name for one in everyone],
                t("pages.roles"): [role_names(one) for one in everyone],
                t("pages.language"): [LANGUAGES[one.language] for one in everyone],
                t("pages.enabled"): [not one.disabled for one in everyone],
            }
        ),
        hide_index=True,
    )


def role_names(one: accounts.Account) -> str:
    """The roles of an account in words."""
    return ", ".join(t(f"pages.role_{role}") for role in sorted(one.roles))


def add_account() -> None:
    """The form that makes a new account."""
    with st.form("add", clear_on_submit=True):
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
    given = {"display_name": display_name, "roles": tuple(roles), "language": here.language}
    try:
        with database.transaction(engine) as session:
            accounts.add_account(session, username, password, actor=here.username, **given)
    except LungcoreError as error:
        st.error(error.text(here.language))
    else:
        st.rerun()


def switch_account(everyone: list[accounts.Account]) -> None:
    """The control that shuts an account out, or lets it in again."""
    by_name = {one.username: one for one in everyone}
    with st.container(border=True):
        st.markdown(f"**{t('pages.switch_account')}**")
        st.caption(t("pages.switch_meaning"))
        username = st.selectbox(t("web.username"), list(by_name), index=None, placeholder="")
        chosen = by_name.get(username or "")
        is_out = chosen is not None and chosen.disabled
        label = t("pages.enable_account") if is_out else t("pages.disable_account")
        if not st.button(label, disabled=chosen is None) or chosen is None:
            return
    try:
        with database.transaction(engine) as session:
            change = accounts.enable if is_out else accounts.disable
            change(session, chosen.account_id, actor=here.username)
    except LungcoreError as error:
        st.error(error.text(here.language))
    else:
        st.rerun()


def show_health() -> None:
    """What the doctor finds, with what to do about each fault."""
    st.subheader(t("pages.health"))
    settings = replace(_context.services().settings, language=here.language)
    for check in doctor.examine(settings):
        icon = ":material/check_circle:" if check.ok else ":material/error:"
        color = "green" if check.ok else "red"
        st.markdown(f":{color}[{icon}] **{check.name}** {check.text} {check.advice}")


with database.snapshot(engine) as session:
    found = accounts.list_accounts(session)
show_accounts(found)
left, right = st.columns(2)
with left:
    add_account()
with right:
    switch_account(found)
    show_health()
