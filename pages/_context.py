"""Who is here, in which language, and what the pages work with."""

from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

import streamlit as st

from lungcore import settings
from lungcore.language import text
from lungcore.records import accounts, database
from lungcore.records.accounts import Account
from lungcore.web.cookies import SESSION_COOKIE
from lungcore.web.services import Services

# A page that fills the window.
FULL_SCREEN = """
<style>
  header[data-testid="stHeader"], footer { display: none; }
  .stMainBlockContainer { max-width: none; padding: 0; }
  .stMainBlockContainer [data-testid="stVerticalBlock"] { gap: 0; }
</style>
"""


@st.cache_resource
def services() -> Services:
    """The database, the stores and the job queue of this process."""
    return Services.open(settings.load())


def account() -> Account:
    """The signed-in account, checked anew at every run of a page.

    The door checked the session when the websocket connected; the session may have ended or the
    account been disabled since, and then the page stops here.
    """
    token = services().cookies.token(st.context.cookies.get(SESSION_COOKIE, ""))
    with database.snapshot(services().engine) as session:
        found = accounts.account_of_session(session, token, now=datetime.now(UTC))
    if found is None:
        _signed_out()
    return found


def require_role(here: Account, *roles: str) -> None:
    """Stop the page, with the reason, for an account with none of `roles`."""
    if here.roles.isdisjoint(roles):
        names = [text(f"pages.role_{role}", here.language) for role in roles]
        st.error(text("pages.role_needed", here.language, role=", ".join(names)))
        st.stop()


def texts(here: Account) -> partial[str]:
    """`t(key, **values)` in the account's language; `t("pages.title")`."""

    def told(key: str, **values: object) -> str:
        return text(key, here.language, **values)

    return partial(told)


def _signed_out() -> NoReturn:
    language = services().settings.language
    st.error(text("web.sign_in_first", language))
    st.markdown(f"[{text('web.sign_in', language)}](login)")
    st.stop()
