"""All of our own routes; Streamlit's come after them."""

from starlette.routing import Route

from lungcore.web import assets
from lungcore.web.jobs import JobRoutes
from lungcore.web.series import SeriesRoutes
from lungcore.web.services import Services
from lungcore.web.signin import SignIn
from lungcore.web.uploads import Uploads


def routes(services: Services) -> list[Route]:
    """Sign-in, uploads, series, jobs and the viewer's modules."""
    return [
        *SignIn(services).routes(),
        *Uploads(services).routes(),
        *SeriesRoutes(services).routes(),
        *JobRoutes(services).routes(),
        *assets.routes(),
    ]
