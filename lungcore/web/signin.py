"""Signing in and out, and the first account of a fresh installation: plain HTML, no script."""

from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qsl, urlsplit

from anyio import CapacityLimiter, to_thread
from jinja2 import Environment, PackageLoader
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from lungcore.errors import LungcoreError
from lungcore.language import LANGUAGES, text
from lungcore.records import accounts, database
from lungcore.web.answers import small_body
from lungcore.web.cookies import LONGEST_SECONDS, SESSION_COOKIE
from lungcore.web.services import Services

LANGUAGE_COOKIE = "lungcore_language"
# Anybody may try, and Argon2id takes 64 MB for each try: the others wait for their turn.
TRIES_AT_ONCE = 2


class SignIn:
    """The routes `/login`, `/sign-out`, `/set-up` and `/health`."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.templates = Environment(loader=PackageLoader("lungcore.web"), autoescape=True)
        self.tries = CapacityLimiter(TRIES_AT_ONCE)

    def routes(self) -> list[Route]:
        """The routes, to be put before Streamlit's."""
        return [
            Route("/login", self.sign_in_page, methods=["GET"]),
            Route("/login", self.sign_in, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/set-up", self.set_up_page, methods=["GET"]),
            Route("/set-up", self.set_up, methods=["POST"]),
            Route("/health", self.health, methods=["GET"]),
        ]

    def health(self, request: Request) -> Response:
        """`ok` when the database answers, for a load balancer."""
        with database.snapshot(self.services.engine) as session:
            accounts.any_account(session)
        return PlainTextResponse("ok")

    def sign_in_page(self, request: Request) -> Response:
        """The form; a fresh installation is sent to set up first."""
        with database.snapshot(self.services.engine) as session:
            ready = accounts.any_account(session)
        if not ready:
            return RedirectResponse(_address(request, "/set-up"), 303)
        return self._page(request, "sign_in")

    def set_up_page(self, request: Request) -> Response:
        """The form for the first account, for who has the token; later on there is none to make."""
        with database.snapshot(self.services.engine) as session:
            if accounts.any_account(session):
                return RedirectResponse(_address(request, "/login"), 303)
        return self._page(request, "set_up", token=request.query_params.get("token", ""))

    async def sign_in(self, request: Request) -> Response:
        """Check name and password; on success set the cookie and go where the user wanted."""
        try:
            form = await _form(request)
            token = await to_thread.run_sync(
                self._session_for,
                form.get("username", ""),
                form.get("password", ""),
                limiter=self.tries,
            )
        except LungcoreError as error:
            return self._page(request, "sign_in", error=error, status=403)
        return self._signed_in(request, token)

    async def set_up(self, request: Request) -> Response:
        """Make the first account and sign it in."""
        form: dict[str, str] = {}
        try:
            form = await _form(request)
            token = await to_thread.run_sync(self._first_account, request, form, limiter=self.tries)
        except LungcoreError as error:
            token = form.get("token", "")
            return self._page(request, "set_up", error=error, status=403, token=token)
        return self._signed_in(request, token)

    async def sign_out(self, request: Request) -> Response:
        """End the session."""
        token = self.services.cookies.token_of_header(request.headers.get("cookie", ""))

        def end() -> None:
            with database.transaction(self.services.engine) as session:
                accounts.sign_out(session, token)

        await run_in_threadpool(end)
        response = RedirectResponse(_address(request, "/login"), 303)
        response.delete_cookie(SESSION_COOKIE)
        return response

    def _session_for(self, username: str, password: str) -> str:
        with database.transaction(self.services.engine) as session:
            return accounts.sign_in(session, username, password, now=datetime.now(UTC))[1]

    def _first_account(self, request: Request, form: dict[str, str]) -> str:
        with database.transaction(self.services.engine) as session:
            account = accounts.set_up(
                session,
                form.get("token", "").strip(),
                form.get("username", ""),
                form.get("password", ""),
                form.get("display_name", ""),
            )
            accounts.set_language(session, account.account_id, self._language(request))
        return self._session_for(form.get("username", ""), form.get("password", ""))

    def _language(self, request: Request) -> str:
        asked = request.query_params.get("language") or request.cookies.get(LANGUAGE_COOKIE, "")
        return asked if asked in LANGUAGES else self.services.settings.language

    def _signed_in(self, request: Request, token: str) -> Response:
        response = RedirectResponse(_address(request, _next(request)), 303)
        response.set_cookie(
            SESSION_COOKIE,
            self.services.cookies.signed(token),
            max_age=LONGEST_SECONDS,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    def _page(
        self,
        request: Request,
        name: str,
        *,
        error: LungcoreError | None = None,
        status: int = 200,
        token: str = "",
    ) -> Response:
        language = self._language(request)
        page = self.templates.get_template(f"{name}.html").render(
            t=lambda key, **values: text(key, language, **values),
            language=language,
            languages=LANGUAGES,
            here=partial(_with_query, request),
            error=error.text(language) if error else "",
            token=token,
        )
        headers = {"Cache-Control": "no-store"}
        response = HTMLResponse(page, status_code=status, headers=headers)
        if "language" in request.query_params:
            response.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * 24 * 3600, samesite="lax")
        return response


async def _form(request: Request) -> dict[str, str]:
    """The fields of a posted form, as browsers encode one without files."""
    body = await small_body(request)
    return dict(parse_qsl(body.decode("ascii", "replace"), keep_blank_values=True))


def _next(request: Request) -> str:
    """The page that was asked for before sign-in; only a path of this application."""
    wanted = request.query_params.get("next", "/")
    parts = urlsplit(wanted)
    is_local = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if is_local and not parts.scheme and not parts.netloc else "/"


def _address(request: Request, path: str) -> str:
    return str(request.state.base) + path


def _with_query(request: Request, **values: str) -> str:
    return str(request.url.include_query_params(**values).query)
