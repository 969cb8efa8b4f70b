"""Services on a fresh home, an account, and a client that is signed in."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket

from lungcore import settings
from lungcore.records import accounts, database
from lungcore.web.cookies import SESSION_COOKIE
from lungcore.web.door import Door
from lungcore.web.routes import routes
from lungcore.web.services import Services

PASSWORD = "a long passphrase"


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with both databases made, to be copied: making them takes a second."""
    home = tmp_path_factory.mktemp("prepared") / "home"
    Services.open(settings.load({"LUNGCORE_HOME": str(home)})).close()
    return home


@pytest.fixture
def services(prepared: Path, tmp_path: Path) -> Iterator[Services]:
    home = shutil.copytree(prepared, tmp_path / "home")
    opened = Services.open(settings.load({"LUNGCORE_HOME": str(home)}))
    yield opened
    opened.close()


def inside(request) -> PlainTextResponse:
    """What lies behind the door tells who the door says is there."""
    return PlainTextResponse(request.headers.get("x-lungcore-account", "nobody"))


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(websocket.headers.get("x-lungcore-account", "nobody"))
    await websocket.close()


@pytest.fixture
def app(services: Services) -> Starlette:
    """Our routes and two that stand for Streamlit's, behind the door."""
    return Starlette(
        routes=[
            *routes(services),
            WebSocketRoute("/_stcore/stream", socket),
            Route("/{path:path}", inside, methods=["GET", "POST"]),
        ],
        middleware=[Middleware(Door, services=services)],
    )


@pytest.fixture
def anybody(app: Starlette) -> TestClient:
    """A browser that has not signed in."""
    return TestClient(app, base_url="http://testserver", follow_redirects=False)


@pytest.fixture
def reader(services: Services, app: Starlette) -> TestClient:
    """A browser in which the account `reader` has signed in."""
    with database.transaction(services.engine) as session:
        accounts.add_account(session, "reader", PASSWORD, display_name="Dr Reader")
        _, token = accounts.sign_in(session, "reader", PASSWORD, now=datetime.now(UTC))
    client = TestClient(app, base_url="http://testserver", follow_redirects=False)
    client.cookies.set(SESSION_COOKIE, services.cookies.signed(token))
    return client
