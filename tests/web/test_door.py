"""Nobody passes the door without a session, on http or websocket, on any path."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from lungcore.language import text
from lungcore.records import accounts, database
from lungcore.web.door import Door
from lungcore.web.routes import routes
from lungcore.web.services import Services
from tests.web.conftest import PASSWORD, inside

PATHS = (
    *("/", "/review?series=1.2.3", "/secret", "/static/js/index.js", "/media/abc.png"),
    *("/component/x", "/_stcore/host-config", "/_stcore/bidi-components/x", "/_stcore/health"),
    *("/api/series/1.2.3", "/api/jobs/1", "/assets/viewer/0/main.js", "/api/uploads/x"),
    *("/login/", "/login/..", "//login", "/health/x", "/%6Cogin/x"),
)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_served_without_a_session(anybody: TestClient, path: str) -> None:
    answer = anybody.get(path)
    assert answer.status_code == 401
    assert set(answer.json()) == {"error"}


def test_a_browser_is_sent_to_sign_in_and_back(anybody: TestClient) -> None:
    answer = anybody.get("/review?series=1.2.3", headers={"accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Freview%3Fseries%3D1.2.3"


def test_a_websocket_is_closed_without_a_session(anybody: TestClient) -> None:
    with (
        pytest.raises(WebSocketDisconnect) as closed,
        anybody.websocket_connect("/_stcore/stream"),
    ):
        pass
    assert closed.value.code == 4401


def test_the_identity_is_the_doors_and_not_the_clients(reader: TestClient) -> None:
    forged = {"X-Lungcore-Account": "999"}
    assert reader.get("/page", headers=forged).text == "1"
    with reader.websocket_connect("/_stcore/stream", headers=forged) as websocket:
        assert websocket.receive_text() == "1"


def test_a_forged_identity_alone_opens_nothing(anybody: TestClient) -> None:
    assert anybody.get("/page", headers={"X-Lungcore-Account": "1"}).status_code == 401


def test_a_disabled_account_is_out_at_once(reader: TestClient, services: Services) -> None:
    with database.transaction(services.engine) as session:
        accounts.disable(session, 1)
    assert reader.get("/page").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_sites_request_changes_nothing(reader: TestClient, headers: dict) -> None:
    answer = reader.post("/page", headers=headers)
    assert answer.status_code == 403
    assert answer.json() == {"error": text("web.cross_site")}
    with (
        pytest.raises(WebSocketDisconnect),
        reader.websocket_connect("/_stcore/stream", headers=headers),
    ):
        pass


def test_our_own_pages_request_passes(reader: TestClient) -> None:
    own = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    assert reader.post("/page", headers=own).status_code == 200


def test_every_answer_forbids_other_sites(anybody: TestClient, reader: TestClient) -> None:
    for answer in (anybody.get("/login"), anybody.get("/"), reader.get("/page")):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_under_a_path_of_its_own_the_application_is_the_same(services: Services) -> None:
    app = Starlette(
        routes=[*routes(services, "/ct"), Route("/{path:path}", inside)],
        middleware=[Middleware(Door, services=services, base="/ct")],
    )
    browser = TestClient(app, follow_redirects=False)
    assert browser.get("/ct/health").text == "ok"
    html = {"accept": "text/html"}
    assert browser.get("/ct/account", headers=html).headers["location"] == (
        "/ct/login?next=%2Faccount"
    )
    assert browser.get("/ct/login").headers["location"] == "/ct/set-up"
    with database.transaction(services.engine) as session:
        accounts.add_account(session, "reader", PASSWORD)
    form = {"username": "reader", "password": PASSWORD}
    answer = browser.post("/ct/login?next=%2Faccount", data=form)
    assert answer.headers["location"] == "/ct/account"
    assert browser.get("/ct/account").text == "1"
    assert browser.get("/ct/api/jobs/x").status_code == 422
