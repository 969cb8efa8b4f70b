"""How routes read and answer: small bodies, JSON, a user's problem in the user's language."""

import gzip
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from numcodecs import Zstd
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lungcore.errors import LungcoreError
from lungcore.language import text
from lungcore.records.accounts import ROLES, Account

Handler = Callable[[Request], Awaitable[Response]]

READERS = ("clinician", "annotator", "adjudicator")  # who may mark and sign
BRINGERS = (*READERS, "administrator")  # who may bring studies, and start and stop work on them
ADJUDICATORS = ("adjudicator",)  # who decides where readers disagree
ROUND_MAKERS = ("model_owner", "administrator")  # who says what is read in rounds, and by whom

LARGEST_BODY = 64 * 1024  # of a form or an event; files have a route of their own


def told_to_the_user(handler: Handler, roles: Sequence[str] = ROLES) -> Handler:
    """Let who has one of `roles` in; turn a LungcoreError into status 422 and `{"error": text}`."""

    async def answer(request: Request) -> Response:
        try:
            _check_role(request.state.account, roles)
            return await handler(request)
        except LungcoreError as error:
            language = request.state.account.language
            return JSONResponse({"error": error.text(language)}, 422)

    return answer


def _check_role(account: Account, roles: Sequence[str]) -> None:
    if account.roles.isdisjoint(roles):
        names = ", ".join(text(f"pages.role_{role}", account.language) for role in roles)
        raise LungcoreError("web.role_needed", roles=names)


async def as_stored(request: Request, zstd_coded: bytes, *, immutable: bool = True) -> Response:
    """What is stored, as it lies on disk (zstd), or gzip for browsers without zstd.

    immutable: its address never leads to anything else.
    """
    encoding, coded = "zstd", zstd_coded
    if "zstd" not in request.headers.get("accept-encoding", ""):
        encoding, coded = "gzip", await run_in_threadpool(_as_gzip, zstd_coded)
    headers = {
        "Content-Encoding": encoding,
        "Cache-Control": "private, max-age=86400, immutable" if immutable else "private, no-cache",
        "Vary": "Accept-Encoding",
    }
    return Response(coded, media_type="application/octet-stream", headers=headers)


def _as_gzip(zstd_coded: bytes) -> bytes:
    return gzip.compress(Zstd().decode(zstd_coded), compresslevel=1)


async def body_of(request: Request, *fields: str) -> dict[str, Any]:
    """The request's JSON object, which must hold `fields`; LungcoreError otherwise."""
    try:
        body = json.loads(await small_body(request))
        # Half a surrogate pair is JSON but no text: it could be stored and never sent again.
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise LungcoreError("web.body_not_json", fields=", ".join(fields)) from error
    if not isinstance(body, dict) or any(field not in body for field in fields):
        raise LungcoreError("web.body_not_json", fields=", ".join(fields))
    return body


async def small_body(request: Request, most: int = LARGEST_BODY) -> bytes:
    """The request's body, read no further than `most` bytes; LungcoreError beyond that."""
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > most:
            raise LungcoreError("web.body_too_large", most=most // 1024)
    return bytes(body)
