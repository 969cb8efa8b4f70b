"""The masks that readers draw: kept before the event that names them, read back by their id."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lungcore.findings.mask import HEADER_BYTES, LARGEST_VOXELS, encode
from lungcore.records import database, readings, studies
from lungcore.records.series import SeriesRecord
from lungcore.web.answers import READERS, small_body, told_to_the_user
from lungcore.web.services import Services

LARGEST_BODY = HEADER_BYTES + LARGEST_VOXELS // 8


class MaskRoutes:
    """The routes under `/api/series/{series_uid}/masks`."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def routes(self) -> list[Route]:
        """The routes, to be put before Streamlit's."""
        base = "/api/series/{series_uid}/masks"
        return [
            Route(base, told_to_the_user(self.add, READERS), methods=["POST"]),
            Route(f"{base}/{{mask}}", told_to_the_user(self.mask), methods=["GET"]),
        ]

    async def add(self, request: Request) -> Response:
        """Keep a mask, encoded as `lungcore.findings.mask` does; answers its id."""
        data = await small_body(request, LARGEST_BODY)

        def keep() -> str:
            return self.services.masks.add(self._series(request), data)

        return JSONResponse({"mask": await run_in_threadpool(keep)}, 201)

    async def mask(self, request: Request) -> Response:
        """A mask, encoded the same way, in the series' volume as it now is."""

        def read() -> bytes:
            self._check_own(request)
            return encode(
                self.services.masks.read(self._series(request), request.path_params["mask"])
            )

        # The viewer names the volume that it shows: in another one the box may lie elsewhere.
        named = "volume" in request.query_params
        cache = "private, max-age=86400, immutable" if named else "private, no-cache"
        data = await run_in_threadpool(read)
        return Response(
            data, media_type="application/octet-stream", headers={"Cache-Control": cache}
        )

    def _check_own(self, request: Request) -> None:
        """In a blinded round: only outlines that the reading itself names."""
        account, uid = request.state.account, request.path_params["series_uid"]
        with database.snapshot(self.services.engine) as session:
            readings.check_mask(session, uid, account.account_id, request.path_params["mask"])

    def _series(self, request: Request) -> SeriesRecord:
        with database.snapshot(self.services.engine) as session:
            return studies.series(session, request.path_params["series_uid"])
