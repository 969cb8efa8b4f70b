"""Pages run by Streamlit's own test harness, on a fresh home, with somebody signed in."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from lungcore.records import accounts, database
from lungcore.web.cookies import SESSION_COOKIE
from lungcore.web.services import Services
from pages import _context

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long passphrase"


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """The services that the pages open for a home of their own."""
    monkeypatch.setenv("LUNGCORE_HOME", str(tmp_path))
    _context.services.clear()
    opened = _context.services()
    yield opened
    opened.close()
    _context.services.clear()


@pytest.fixture
def sign_in(services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Make an account with the given roles and put its session into the page's cookies."""

    def signed_in(*roles: str, language: str = "en") -> str:
        with database.transaction(services.engine) as session:
            accounts.add_account(
                session,
                "reader",
                PASSWORD,
                display_name="Dr Reader",
                roles=roles,
                language=language,
            )
            _, token = accounts.sign_in(session, "reader", PASSWORD, now=datetime.now(UTC))
        monkeypatch.setattr(
            type(st.context), "cookies", {SESSION_COOKIE: services.cookies.signed(token)}
        )
        return token

    return signed_in


@pytest.fixture
def run() -> Callable[[str], AppTest]:
    """Run one page."""

    def run_page(name: str) -> AppTest:
        return AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=30).run()

    return run_page
