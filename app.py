"""The web server: Streamlit's pages, our own routes, and one door in front of both.

`streamlit run app.py` starts it, and with it the embedded worker.
"""

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.middleware import Middleware

from lungcore import settings
from lungcore.jobs.embedded import EmbeddedWorker
from lungcore.language import text
from lungcore.records import accounts, database
from lungcore.web.door import Door
from lungcore.web.preload import Preload
from lungcore.web.routes import routes
from lungcore.web.services import Services
from lungcore.web.sockets import send_at_once

services = Services.open(settings.load())


@asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Run the embedded worker beside the server, and print where to go."""
    worker = EmbeddedWorker(services.settings)
    if services.settings.worker == "embedded":
        worker.start()
    send_at_once()
    _print_address()
    # What is loaded by now stays: the collector's walks through it took a third of long answers.
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        worker.stop()
        services.close()


def _base() -> str:
    """The path that the application is served under, as `/ct`; usually none."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}" if base else ""


def _print_address() -> None:
    """The one address to open; on a fresh installation with its one-time set-up token."""
    host = st.get_option("server.address") or "localhost"
    address = f"http://{host}:{st.get_option('server.port')}{_base()}/"
    with database.transaction(services.engine) as session:
        token = accounts.setup_token(session)
    language = services.settings.language
    if token is None:
        line = text("web.open_here", language, address=address)
    else:
        line = text("web.set_up_here", language, address=f"{address}set-up?token={token}")
    print(f"\n  {line}\n", file=sys.stderr, flush=True)


app = st.App(
    "pages/_shell.py",
    lifespan=lifespan,
    routes=routes(services, _base()),
    middleware=[
        Middleware(Door, services=services, base=_base()),
        Middleware(Preload, base=_base()),
    ],
)
