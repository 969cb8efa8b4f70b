"""The browser hears of the viewer's modules with the page, not one from the other.

Streamlit starts for a second before it mounts the viewer, and each module would then ask for the
next ones. On the review page they come meanwhile; on other pages the browser keeps them when it is
idle, so that the first study opens as fast as the second.
"""

from html import escape

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lungcore.web import assets

REVIEW = "/review"
# The page is changed: it must come whole and unpacked, not as "the same as you have".
WITHOUT = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
END = b"</head>"


class Preload:
    """ASGI middleware behind the door: names the viewer's files in the head of each page."""

    def __init__(self, app: ASGIApp, base: str = "") -> None:
        self.app = app
        self.base = base

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and _asks_for_a_page(scope):
            headers = [pair for pair in scope["headers"] if pair[0] not in WITHOUT]
            scope = {**scope, "headers": headers}
            send = self._with_links(scope["path"].removeprefix(self.base), send)
        await self.app(scope, receive, send)

    def _with_links(self, path: str, send: Send) -> Send:
        started: Message = {}
        body = bytearray()

        async def send_changed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = message
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            headers = MutableHeaders(scope=started)
            whole = bytes(body)
            if headers.get("content-type", "").startswith("text/html"):
                whole = whole.replace(END, self._links(path) + END, 1)
                headers["content-length"] = str(len(whole))
                del headers["etag"]
            await send(started)
            await send({"type": "http.response.body", "body": whole})

        return send_changed

    def _links(self, path: str) -> bytes:
        return "".join(
            f'<link {_how(name, path)} href="{escape(f"{self.base}/{name}")}">'
            for name in assets.viewer_files()
        ).encode()


def _how(name: str, path: str) -> str:
    """At once but after what Streamlit asks for, or when the browser is idle."""
    if path != REVIEW:
        return 'rel="prefetch"'
    how = 'rel="preload" as="style"' if name.endswith(".css") else 'rel="modulepreload"'
    return f'{how} fetchpriority="low"'


def _asks_for_a_page(scope: Scope) -> bool:
    signed_in = "account" in scope.get("state", {})
    return signed_in and "text/html" in Headers(scope=scope).get("accept", "")
