"""How routes answer: JSON, and a user's problem in the user's language."""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from lungcore.errors import LungcoreError

Handler = Callable[[Request], Awaitable[Response]]


def told_to_the_user(handler: Handler) -> Handler:
    """Turn a LungcoreError of `handler` into status 422 and `{"error": text}`."""

    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except LungcoreError as error:
            language = request.state.account.language
            return JSONResponse({"error": error.text(language)}, 422)

    return answer


async def body_of(request: Request, *fields: str) -> dict[str, Any]:
    """The request's JSON object, which must hold `fields`; LungcoreError otherwise."""
    try:
        body = await request.json()
    except ValueError as error:
        raise LungcoreError("web.body_not_json", fields=", ".join(fields)) from error
    if not isinstance(body, dict) or any(field not in body for field in fields):
        raise LungcoreError("web.body_not_json", fields=", ".join(fields))
    return body
