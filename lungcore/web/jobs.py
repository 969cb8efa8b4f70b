"""Background work as the browser sees it: progress, the report of an import, cancel, try again."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lungcore.language import text
from lungcore.web.answers import BRINGERS, told_to_the_user
from lungcore.web.describe import describe_job
from lungcore.web.services import Services


class JobRoutes:
    """The routes under `/api/jobs/{job_id}`."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def routes(self) -> list[Route]:
        """The routes, to be put before Streamlit's."""
        return [
            Route("/api/jobs/{job_id}", told_to_the_user(self.status), methods=["GET"]),
            Route("/api/jobs/{job_id}", told_to_the_user(self.retry, BRINGERS), methods=["POST"]),
            Route(
                "/api/jobs/{job_id}", told_to_the_user(self.cancel, BRINGERS), methods=["DELETE"]
            ),
        ]

    async def status(self, request: Request) -> Response:
        """How the job stands; a finished import also tells what became of every file."""
        job_id, language = request.path_params["job_id"], request.state.account.language
        status = await run_in_threadpool(self.services.jobs.status, job_id)
        answer = describe_job(status, language)
        if status.state == "done" and status.result:
            answer["report"] = describe_report(status.result, language)
        return JSONResponse(answer)

    async def retry(self, request: Request) -> Response:
        """Try a failed or cancelled job again; answers the id to watch."""
        job_id = request.path_params["job_id"]
        again = await run_in_threadpool(self.services.jobs.retry, job_id)
        return JSONResponse({"job_id": again}, 202)

    async def cancel(self, request: Request) -> Response:
        """Stop a waiting or running job."""
        await run_in_threadpool(self.services.jobs.cancel, request.path_params["job_id"])
        return Response(status_code=204)


def describe_report(result: dict[str, Any], language: str) -> dict[str, Any]:
    """An import's report (`ImportReport.as_dict`) with its reasons in `language`."""

    def told(entry: dict[str, Any]) -> str:
        return text(entry["key"], language, **entry["values"])

    series = [
        entry | {"reasons": [told(reason) for reason in entry["reasons"]]}
        for entry in result.get("series", [])
    ]
    files = [{"problem": told(entry)} for entry in result.get("files", [])]
    return {"series": series, "files": files}
