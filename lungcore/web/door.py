"""The one door: nothing is served to who has not signed in.

Streamlit's own routes (media, components, static files, the websocket) answer anybody, and its
pages learn who is there only when the websocket connects, so the check stands in front of all.
"""

from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lungcore.language import text
from lungcore.records import accounts, database
from lungcore.records.accounts import Account
from lungcore.web.services import Services

IDENTITY_HEADER = b"x-lungcore-account"
PUBLIC_PATHS = frozenset({"/login", "/set-up", "/health"})
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Nothing may be loaded from, sent to or framed by another site. Streamlit compiles its charts
# and mounts inline components at run time, which is why scripts may be inline, eval and blob.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "media-src 'self' blob:; connect-src 'self' blob: data:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


class Door:
    """ASGI middleware: signed in or sent to the sign-in page; no request forged elsewhere.

    A request let in carries the account in `scope["state"]["account"]` and its id in the header
    that Streamlit trusts; whatever the client put into that header is dropped.

    base: the path that the application is served under, as `/ct`; `scope["state"]["base"]`.
    """

    def __init__(self, app: ASGIApp, services: Services, base: str = "") -> None:
        self.app = app
        self.services = services
        self.base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        send = _with_security_headers(send)
        scope["headers"] = [pair for pair in scope["headers"] if pair[0] != IDENTITY_HEADER]
        headers = Headers(scope=scope)
        if _is_forged(scope, headers):
            await _refuse(scope, receive, send, self._told("web.cross_site", 403))
            return
        scope.setdefault("state", {})["base"] = self.base
        if self._path(scope) in PUBLIC_PATHS:
            await self.app(scope, receive, send)
            return
        account = await run_in_threadpool(self._account, headers.get("cookie", ""))
        if account is None:
            await _refuse(scope, receive, send, self._sign_in_first(scope, headers))
            return
        scope["state"]["account"] = account
        scope["headers"].append((IDENTITY_HEADER, str(account.account_id).encode()))
        await self.app(scope, receive, send)

    def _account(self, cookie: str) -> Account | None:
        token = self.services.cookies.token_of_header(cookie)
        if not token:
            return None
        now = datetime.now(UTC)
        # Most requests only read: they must not wait for an import that writes.
        with database.snapshot(self.services.engine) as session:
            account = accounts.account_of_session(session, token, now=now)
            is_due = account is not None and accounts.is_due(session, token, now=now)
        if is_due:
            with database.transaction(self.services.engine) as session:
                accounts.note_seen(session, token, now=now)
        return account

    def _sign_in_first(self, scope: Scope, headers: Headers) -> Response:
        if scope.get("method") == "GET" and "text/html" in headers.get("accept", ""):
            wanted = self._path(scope)
            if scope["query_string"]:
                wanted += "?" + scope["query_string"].decode("latin-1")
            return RedirectResponse(f"{self.base}/login?next={quote(wanted, safe='')}", 303)
        return self._told("web.sign_in_first", 401)

    def _path(self, scope: Scope) -> str:
        """The path within the application."""
        return scope["path"].removeprefix(self.base) or "/"

    def _told(self, key: str, status: int) -> Response:
        return JSONResponse({"error": text(key, self.services.settings.language)}, status)


def _is_forged(scope: Scope, headers: Headers) -> bool:
    """Whether another site's page sent this changing request (or opened this websocket)."""
    if scope["type"] == "http" and scope["method"] in SAFE_METHODS:
        return False
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")


async def _refuse(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 4401})
    else:
        await response(scope, receive, send)


def _with_security_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers
