"""All of our own routes; Streamlit's come after them."""

from starlette.routing import Route

from lungcore.web import assets
from lungcore.web.adjudication import AdjudicationRoutes
from lungcore.web.comparing import CompareRoutes
from lungcore.web.jobs import JobRoutes
from lungcore.web.masks import MaskRoutes
from lungcore.web.series import SeriesRoutes
from lungcore.web.services import Services
from lungcore.web.signin import SignIn
from lungcore.web.uploads import Uploads


def routes(services: Services, base: str = "") -> list[Route]:
    """Sign-in, uploads, series, masks, jobs and the viewer's modules.

    base: the path that the application is served under, as `/ct`; Streamlit's routes begin with
        it too.
    """
    ours = [
        *SignIn(services).routes(),
        *Uploads(services).routes(),
        *SeriesRoutes(services).routes(),
        *MaskRoutes(services).routes(),
        *CompareRoutes(services).routes(),
        *AdjudicationRoutes(services).routes(),
        *JobRoutes(services).routes(),
        *assets.routes(),
    ]
    return [Route(base + one.path, one.endpoint, methods=list(one.methods or ())) for one in ours]
