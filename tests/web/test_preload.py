"""Pages name the viewer's files in their head, for who is signed in."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from lungcore.web import assets
from lungcore.web.preload import Preload

PAGE = "<html><head><title>x</title></head><body>" + "a" * 2000 + "</body></html>"
AS_A_PAGE = {"accept": "text/html", "accept-encoding": "gzip", "if-none-match": '"1"'}


class SignedIn:
    """Stands for the door."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["account"] = "somebody"
        await self.app(scope, receive, send)


async def page(request: Request) -> HTMLResponse:
    fresh = "text/html" in request.headers["accept"]
    assert not (fresh and "if-none-match" in request.headers), "it would answer: unchanged"
    return HTMLResponse(PAGE, headers={"etag": '"1"'})


async def data(_request: Request) -> PlainTextResponse:
    return PlainTextResponse(PAGE)


def client(*doors: type, base: str = "") -> TestClient:
    middleware = [
        *map(Middleware, doors),
        Middleware(Preload, base=base),
        Middleware(GZipMiddleware),
    ]
    routes = [Route("/data", data), Route("/{path:path}", page)]
    return TestClient(Starlette(routes=routes, middleware=middleware))


@pytest.mark.parametrize(("path", "rel"), [("review", "modulepreload"), ("account", "prefetch")])
def test_a_page_names_every_module(path: str, rel: str) -> None:
    answer = client(SignedIn).get(f"/{path}", headers=AS_A_PAGE)
    assert answer.text.count(f'rel="{rel}"') >= len(assets.viewer_files()) - 1
    for name in assets.viewer_files():
        assert f'href="/{name}"' in answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "etag" not in answer.headers
    assert answer.text.startswith("<html><head><title>x</title><link ")
    assert answer.text.endswith(PAGE[PAGE.index("</head>") :])


def test_addresses_begin_with_the_base() -> None:
    answer = client(SignedIn, base="/ct").get("/ct/review", headers=AS_A_PAGE)
    assert f'href="/ct/{assets.viewer_files()[0]}"' in answer.text
    assert 'rel="modulepreload"' in answer.text


def test_what_is_no_page_stays_as_it_is() -> None:
    assert client(SignedIn).get("/data", headers=AS_A_PAGE).text == PAGE
    packed = client(SignedIn).get("/review", headers=AS_A_PAGE | {"accept": "*/*"})
    assert packed.headers["content-encoding"] == "gzip"


def test_who_has_not_signed_in_is_told_of_no_file() -> None:
    anonymous = {"accept": "text/html"}
    assert client().get("/review", headers=anonymous).text == PAGE
