"""A prior beside the current scan: which series there are, how they lie to each other, growth."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lungcore.errors import LungcoreError
from lungcore.findings.comparison import Pair, Scan, compare
from lungcore.findings.finding import Position
from lungcore.records import audit, database, layers, priors, readings
from lungcore.records.layers import LayerRecord
from lungcore.records.series import SeriesRecord
from lungcore.web.answers import told_to_the_user
from lungcore.web.describe import describe_finding, describe_series
from lungcore.web.services import Services

FRAME_REACH_MM = 5.0  # the patient may have breathed between two series of one frame
ALIGNED_REACH_MM = 15.0  # about how well the lungs lead to a place

ToCurrent = Callable[[Position], Position]


class CompareRoutes:
    """The routes under `/api/series/{series_uid}/priors`."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def routes(self) -> list[Route]:
        """The routes, to be put before Streamlit's."""
        base = "/api/series/{series_uid}/priors"
        return [
            Route(base, told_to_the_user(self.priors), methods=["GET"]),
            Route(f"{base}/{{prior_uid}}", told_to_the_user(self.comparison), methods=["GET"]),
        ]

    async def priors(self, request: Request) -> Response:
        """The patient's other series, the latest first."""
        return JSONResponse(await run_in_threadpool(self._priors, request))

    async def comparison(self, request: Request) -> Response:
        """How the earlier of two series lies to the later, and what of one is what of the other."""
        return JSONResponse(await run_in_threadpool(self._comparison, request))

    def _priors(self, request: Request) -> dict[str, Any]:
        uid, language = request.path_params["series_uid"], request.state.account.language
        with database.snapshot(self.services.engine) as session:
            found = priors.of_patient(session, uid)
        own = next((one for one in found if one.series_uid == uid), None)
        others = [one for one in found if one.series_uid != uid]
        return {
            "priors": [
                {**describe_series(one, language), "days": _days(one, own) if own else None}
                for one in others
            ]
        }

    def _comparison(self, request: Request) -> dict[str, Any]:
        account, language = request.state.account, request.state.account.language
        uid, prior_uid = request.path_params["series_uid"], request.path_params["prior_uid"]
        with database.transaction(self.services.engine) as session:
            found = {one.series_uid: one for one in priors.of_patient(session, uid)}
            if uid == prior_uid or prior_uid not in found:
                raise LungcoreError("web.no_prior", series_uid=uid, prior_uid=prior_uid)
            prior, current = sorted(
                (found[uid], found[prior_uid]), key=lambda one: (one.study_date, one.study_time)
            )
            opened = [
                readings.open_reading(session, one.series_uid, account.account_id)
                for one in (prior, current)
            ]
            shown = [layers.of_detection(session, one.detection_id) for one in opened]
            lungs = [layers.lungs_of(session, one.series_uid) for one in (prior, current)]
            audit.append(
                session,
                actor=account.username,
                action="series.compared",
                subject=uid,
                detail={"prior": prior_uid},
            )
        frame = bool(current.frame_of_reference_uid) and (
            current.frame_of_reference_uid == prior.frame_of_reference_uid
        )
        names = [one.sha256 for one in lungs if one is not None]
        uids = prior.series_uid, current.series_uid
        alignment = self._alignment(*uids, names) if len(names) == 2 else None
        days = _days(prior, current)
        scans = [
            Scan(reading.state.kept, one.spacing_mm[0], self._outlined(one, found_layers))
            for reading, one, found_layers in zip(opened, (prior, current), shown, strict=True)
        ]
        pairs = _pairs(scans, frame, alignment, days)
        return {
            "prior": describe_series(prior, language),
            "current": describe_series(current, language),
            "days": days,
            "frame": frame,
            "alignment": alignment,
            "pairs": None if pairs is None else [_describe_pair(pair) for pair in pairs],
        }

    def _outlined(self, series: SeriesRecord, shown: list[LayerRecord]) -> dict[str, float]:
        """The volume of the machine's outline of each of its findings, mm3."""
        voxel_mm3 = abs(float(np.linalg.det(series.grid.affine[:3, :3])))
        return {
            layer.finding_uid: voxel_mm3 * np.count_nonzero(self.services.layers.values(layer))
            for layer in shown
            if layer.kind == "nodule" and layer.finding_uid is not None
        }

    def _alignment(self, prior_uid: str, uid: str, lungs: list[str]) -> dict[str, Any]:
        """State of the job, and what it found once it is done."""
        job_id = self.services.jobs.enqueue_align(prior_uid, uid, lungs)
        status = self.services.jobs.status(job_id)
        return {"state": status.state, **(status.result or {})}


def _pairs(
    scans: list[Scan], frame: bool, alignment: dict[str, Any] | None, days: int | None
) -> list[Pair] | None:
    """None where nothing tells which place of the prior is which of the current scan."""
    to_current: ToCurrent | None = None
    reach_mm = FRAME_REACH_MM
    if frame:
        to_current = _same
    elif alignment is not None and alignment.get("good"):
        to_current, reach_mm = _aligned(alignment), ALIGNED_REACH_MM
    if to_current is None:
        return None
    prior, current = scans
    return compare(prior, current, days or 0, to_current=to_current, reach_mm=reach_mm)


def _same(point: Position) -> Position:
    return point


def _aligned(alignment: dict[str, Any]) -> ToCurrent:
    scale, shift = alignment["scale"], alignment["shift_mm"]

    def to_current(point: Position) -> Position:
        x, y, z = (p * s + t for p, s, t in zip(point, scale, shift, strict=True))
        return x, y, z

    return to_current


def _describe_pair(pair: Pair) -> dict[str, Any]:
    return {
        "prior": describe_finding(pair.prior) if pair.prior else None,
        "current": describe_finding(pair.current) if pair.current else None,
        "sizes": [asdict(size) if size else None for size in pair.sizes],
        "growth": asdict(pair.growth) if pair.growth else None,
    }


def _days(prior: SeriesRecord, current: SeriesRecord) -> int | None:
    """From one study to the other; None where a date is not known."""
    if not prior.study_date or not current.study_date:
        return None
    return (date.fromisoformat(current.study_date) - date.fromisoformat(prior.study_date)).days
