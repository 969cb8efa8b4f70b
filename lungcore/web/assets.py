"""The browser's own modules, served under a path that carries their content's hash."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lungcore import viewer

IMMUTABLE = "private, max-age=31536000, immutable"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}


@cache
def version() -> str:
    """The hash of all files; it changes when one of them does."""
    digest = hashlib.sha256()
    for name, path in sorted(_files().items()):
        digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def base() -> str:
    """The path, relative to the application's address, that the files lie under."""
    return f"assets/{version()}"


def viewer_files() -> list[str]:
    """The paths of what the slice viewer loads, relative to the application's address."""
    return [f"{base()}/{name}" for name in sorted(_files()) if "/" not in name]


def routes() -> list[Route]:
    """The route of every asset."""
    return [Route("/assets/{version}/{name:path}", asset, methods=["GET"])]


def asset(request: Request) -> Response:
    """One file; 404 for another version, so that no stale file is kept for ever."""
    path = _files().get(request.path_params["name"])
    if path is None or request.path_params["version"] != version():
        return Response(status_code=404)
    headers = {"Cache-Control": IMMUTABLE}
    return Response(path.read_bytes(), media_type=MEDIA_TYPES[path.suffix], headers=headers)


@cache
def _files() -> dict[str, Path]:
    return {
        path.relative_to(viewer.STATIC).as_posix(): path
        for path in viewer.STATIC.rglob("*")
        if path.suffix in MEDIA_TYPES
    }
