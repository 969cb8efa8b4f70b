"""Set-up once, sign in, sign out."""

import re

import pytest
from starlette.testclient import TestClient

from lungcore.records import accounts, database
from lungcore.web.cookies import SESSION_COOKIE
from lungcore.web.services import Services
from tests.web.conftest import PASSWORD


def set_up_form(token: str) -> dict[str, str]:
    return {
        "token": token,
        "username": "first",
        "display_name": "Dr First",
        "password": PASSWORD,
    }


def new_token(services: Services) -> str:
    with database.transaction(services.engine) as session:
        token = accounts.setup_token(session)
    assert token is not None
    return token


def test_the_first_account_needs_the_token_and_the_token_works_once(
    anybody: TestClient, services: Services
) -> None:
    token = new_token(services)
    assert anybody.get("/login").headers["location"] == "/set-up"
    assert anybody.post("/set-up", data=set_up_form("wrong")).status_code == 403
    answer = anybody.post("/set-up", data=set_up_form(token))
    assert answer.status_code == 303
    assert anybody.get("/page").text == "1"
    assert anybody.post("/set-up", data=set_up_form(token)).status_code == 403
    assert anybody.get("/set-up").headers["location"].endswith("/login")


def test_sign_in_sets_a_cookie_that_scripts_cannot_read(
    reader: TestClient, anybody: TestClient
) -> None:
    form = {"username": "reader", "password": PASSWORD}
    answer = anybody.post("/login?next=%2Freview%3Fseries%3D1", data=form)
    assert answer.headers["location"] == "/review?series=1"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()


@pytest.mark.parametrize("elsewhere", ["//evil.example", "https://evil.example", "/\\evil", "x"])
def test_sign_in_leads_nowhere_else(
    reader: TestClient, anybody: TestClient, elsewhere: str
) -> None:
    form = {"username": "reader", "password": PASSWORD}
    answer = anybody.post("/login", params={"next": elsewhere}, data=form)
    assert answer.headers["location"] == "/"


def test_a_wrong_password_is_told_and_shows_nothing_it_was_given(
    reader: TestClient, anybody: TestClient
) -> None:
    form = {"username": "<script>", "password": "wrong password here"}
    answer = anybody.post("/login", data=form)
    assert answer.status_code == 403
    assert "<script>" not in answer.text
    assert SESSION_COOKIE not in answer.headers.get("set-cookie", "")


def test_sign_out_ends_the_session_on_the_server(reader: TestClient) -> None:
    token = reader.cookies[SESSION_COOKIE]
    assert reader.post("/sign-out").status_code == 303
    reader.cookies.set(SESSION_COOKIE, token)
    assert reader.get("/page").status_code == 401


def test_the_page_speaks_the_chosen_language_and_remembers_it(
    reader: TestClient, anybody: TestClient
) -> None:
    page = anybody.get("/login?language=zh").text
    assert re.search(r'<html lang="zh">', page)
    assert "登录" in page
    assert "登录" in anybody.get("/login").text


def test_health_answers_anybody(anybody: TestClient) -> None:
    assert anybody.get("/health").text == "ok"


@pytest.mark.parametrize("path", ["/login", "/set-up"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_stranger_cannot_send_more_than_a_form_needs(
    reader: TestClient, anybody: TestClient, path: str, kind: str
) -> None:
    answer = anybody.post(path, content=b"x" * 100_000, headers={"content-type": kind})
    assert answer.status_code == 403
    assert "64 KB" in answer.text


def test_the_form_takes_signs_and_letters_of_any_script(
    services: Services, anybody: TestClient
) -> None:
    with database.transaction(services.engine) as session:
        accounts.add_account(session, "王医生", "p&=+% 密码 0123456789")
    form = {"username": "王医生", "password": "p&=+% 密码 0123456789"}
    assert anybody.post("/login", data=form).status_code == 303
