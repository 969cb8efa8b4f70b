"""The viewer's files for the browser, under one hash of all of them.

The hash is in their address, so that a browser may keep them for ever and never mixes versions.
"""

from functools import cache
from hashlib import sha256
from importlib.resources import files

MEDIA_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}


@cache
def _contents() -> dict[str, bytes]:
    folder = files("lungcore.viewer").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if _extension(file.name)}


def _extension(name: str) -> str | None:
    extension = name.rpartition(".")[2]
    return extension if extension in MEDIA_TYPES else None


@cache
def version() -> str:
    """16 hexadecimal digits that change when any of the files does."""
    digest = sha256()
    for name, content in sorted(_contents().items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def read(name: str) -> tuple[bytes, str]:
    """The content and the media type of one file. Raises KeyError when there is none of `name`."""
    content = _contents()[name]
    return content, MEDIA_TYPES[name.rpartition(".")[2]]
