"""What the adjudicator's page asks for: the readers' marks of a series, group by group, decided."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lungcore.findings.adjudication import Adjudication, proposal
from lungcore.findings.consensus import Member
from lungcore.findings.disagreement import disputes
from lungcore.records import adjudications, audit, database
from lungcore.records.adjudications import Act, AdjudicationChanged, AdjudicationRecord
from lungcore.web.answers import ADJUDICATORS, body_of, told_to_the_user
from lungcore.web.describe import describe_pixels, describe_series
from lungcore.web.services import Services

SHOWN = ("center_mm", "diameter_mm", "attributes", "nodule_type", "mask")  # of a mark


class AdjudicationRoutes:
    """The routes under `/api/series/{series_uid}/adjudication`."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def routes(self) -> list[Route]:
        """The routes, to be put before Streamlit's."""
        base = "/api/series/{series_uid}/adjudication"
        return [
            Route(base, told_to_the_user(self.adjudication, ADJUDICATORS), methods=["GET"]),
            Route(base, told_to_the_user(self.add_event, ADJUDICATORS), methods=["POST"]),
        ]

    async def adjudication(self, request: Request) -> Response:
        """The series and its adjudication as it stands; opening is audited."""
        return JSONResponse(await run_in_threadpool(self._opened, request))

    async def add_event(self, request: Request) -> Response:
        """Add an event to it; 409 when it was changed elsewhere."""
        body = await body_of(request, "seq", "kind", "payload")
        try:
            return JSONResponse(await run_in_threadpool(self._append, request, body))
        except AdjudicationChanged as error:
            answer = await run_in_threadpool(self._now, request)
            answer["error"] = error.text(request.state.account.language)
            return JSONResponse(answer, 409)

    def _opened(self, request: Request) -> dict[str, Any]:
        account, uid = request.state.account, request.path_params["series_uid"]
        with database.transaction(self.services.engine) as session:
            found = adjudications.load(session, uid, account.account_id)
            audit.append(
                session,
                actor=account.username,
                action="adjudication.opened",
                subject=uid,
                detail={},
            )
        return {
            "series": describe_series(found.series, account.language),
            "pixels": describe_pixels(found.series),
            **describe(found),
        }

    def _now(self, request: Request) -> dict[str, Any]:
        account, uid = request.state.account, request.path_params["series_uid"]
        with database.snapshot(self.services.engine) as session:
            return describe(adjudications.load(session, uid, account.account_id))

    def _append(self, request: Request, body: Mapping[str, Any]) -> dict[str, Any]:
        account, uid = request.state.account, request.path_params["series_uid"]
        with database.transaction(self.services.engine) as session:
            saved = adjudications.append(
                session,
                uid,
                kind=body["kind"],
                payload=body["payload"],
                account_id=account.account_id,
                expected_seq=body["seq"],
                masks=self.services.masks,
            )
        return describe(saved)


def describe(found: AdjudicationRecord) -> dict[str, Any]:
    """The adjudication as the browser reads it: readers by number, decisions at their groups."""
    state = found.state
    return {
        "seq": state.seq,
        "is_begun": state.is_begun,
        "is_finished": state.is_finished,
        "counts": state.counts,
        "is_stale": found.is_stale,
        "readers": list(found.names),
        "groups": _groups(found),
        "history": [_act(act, state) for act in found.history],
    }


def _groups(found: AdjudicationRecord) -> list[dict[str, Any]]:
    state, sets = found.state, found.sets
    told = []
    for number, group in enumerate(state.groups):
        marks = [sets[member.reader].marks[member.nodule] for member in group]
        decision = state.decisions.get(number)
        told.append(
            {
                "disputes": disputes(marks, len(sets)),
                "marks": [_mark(found, member) for member in sorted(group)],
                "is_voted": proposal(len(group), len(sets), "vote").is_nodule,
                "decision": asdict(decision) if decision else None,
            }
        )
    return told


def _mark(found: AdjudicationRecord, member: Member) -> dict[str, Any]:
    column = found.state.readers[member.reader]["marks"][member.nodule]
    return {"reader": member.reader, **{name: column[name] for name in SHOWN}}


def _act(act: Act, state: Adjudication) -> dict[str, Any]:
    """One line of the history; what a begin lays out is told by the groups."""
    event = act.event
    return {
        "seq": event.seq,
        "kind": event.kind,
        "at": act.at.isoformat(),
        "by": act.by,
        "said": {} if event.kind == "begin" else dict(event.payload),
        "in_force": event.seq in {one.seq for one in state.made},
    }
