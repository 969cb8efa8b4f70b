"""The browser's own modules, served under a path that carries their content's hash."""

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

IMMUTABLE = "private, max-age=31536000, immutable"
FOLDERS = {
    "viewer": files("lungcore.viewer").joinpath("static"),
    "worklist": files("lungcore.web").joinpath("static", "worklist"),
}
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}


@cache
def version(folder: str) -> str:
    """The hash of all that `folder` of FOLDERS holds; it changes when a file does."""
    digest = hashlib.sha256()
    for name, file in sorted(_files(FOLDERS[folder]).items()):
        digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def base(folder: str) -> str:
    """The path, relative to the application's address, that the files of `folder` lie under."""
    return f"assets/{folder}/{version(folder)}"


def routes() -> list[Route]:
    """The route of every asset."""
    return [Route("/assets/{folder}/{version}/{name:path}", asset, methods=["GET"])]


def asset(request: Request) -> Response:
    """One file; 404 for another version, so that no stale file is kept for ever."""
    folder, name = request.path_params["folder"], request.path_params["name"]
    if folder not in FOLDERS or request.path_params["version"] != version(folder):
        return Response(status_code=404)
    file = _files(FOLDERS[folder]).get(name)
    if file is None:
        return Response(status_code=404)
    media_type = MEDIA_TYPES[name[name.rindex(".") :]]
    return Response(file.read_bytes(), media_type=media_type, headers={"Cache-Control": IMMUTABLE})


def _files(folder: Traversable, prefix: str = "") -> dict[str, Traversable]:
    found: dict[str, Traversable] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            found |= _files(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(tuple(MEDIA_TYPES)):
            found[prefix + entry.name] = entry
    return found
