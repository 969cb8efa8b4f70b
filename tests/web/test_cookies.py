"""The session cookie: ours or nothing."""

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungcore.web.cookies import KEY_FILE, LONGEST_SECONDS, SESSION_COOKIE, SessionCookies


def test_what_was_signed_is_read(tmp_path: Path) -> None:
    cookies = SessionCookies.open(tmp_path)
    value = cookies.signed("a-token")
    assert value != "a-token"
    assert cookies.token_of_header(f"other=1; {SESSION_COOKIE}={value}") == "a-token"
    assert SessionCookies.open(tmp_path).token(value) == "a-token", "the key lasts"


def test_only_the_owner_reads_the_key(tmp_path: Path) -> None:
    SessionCookies.open(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_another_installations_cookie_is_nothing(tmp_path: Path) -> None:
    theirs = SessionCookies.open(tmp_path / "theirs").signed("a-token")
    assert SessionCookies.open(tmp_path / "ours").token(theirs) == ""


def test_a_cookie_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cookies = SessionCookies.open(tmp_path)
    value = cookies.signed("a-token")
    began = cookies._signer.get_timestamp()
    monkeypatch.setattr(cookies._signer, "get_timestamp", lambda: began + LONGEST_SECONDS + 1)
    assert cookies.token(value) == ""


@given(st.text())
def test_whatever_is_sent_is_read_as_nothing(sent: str) -> None:
    cookies = SessionCookies(b"key")
    assert cookies.token(sent) == ""
    assert cookies.token_of_header(sent) == ""
    assert cookies.token_of_header(f"{SESSION_COOKIE}={sent}") == ""


@pytest.mark.parametrize("other", ['a={"x": 1}', "foo[x]=1", "a b=1", "x=\xe9", "=", ";", "a;b"])
def test_cookies_of_other_applications_on_the_host_do_not_matter(
    tmp_path: Path, other: str
) -> None:
    cookies = SessionCookies.open(tmp_path)
    own = f"{SESSION_COOKIE}={cookies.signed('token')}"
    assert cookies.token_of_header(f"{other}; {own}; {other}") == "token"
