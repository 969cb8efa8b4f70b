"""What the viewer asks for: a series, its pixels, its findings, and the reader's events."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from lungcore.errors import LungcoreError
from lungcore.findings.checking import check_fields
from lungcore.records import (
    audit,
    blinding,
    database,
    detections,
    layers,
    priors,
    readings,
    studies,
    watching,
)
from lungcore.records.readings import ReadingChanged, ReadingSummary
from lungcore.web.ahead import first_chunks
from lungcore.web.answers import BRINGERS, READERS, as_stored, body_of, told_to_the_user
from lungcore.web.describe import (
    HIDDEN_DETECTION,
    describe_detection,
    describe_finding,
    describe_layer,
    describe_pixels,
    describe_reading,
    describe_series,
)
from lungcore.web.services import Services
from lungcore.web.zipping import zipped


class SeriesRoutes:
    """The routes under `/api/series/{series_uid}`."""

    def __init__(self, services: Services) -> None:
        self.services = services

    def routes(self) -> list[Route]:
        """The routes, to be put before Streamlit's."""
        base = "/api/series/{series_uid}"
        return [
            Route(base, told_to_the_user(self.series), methods=["GET"]),
            Route(f"{base}/chunks/{{number:int}}", told_to_the_user(self.chunk), methods=["GET"]),
            Route(f"{base}/layers/{{layer}}", told_to_the_user(self.layer), methods=["GET"]),
            Route(f"{base}/ahead", told_to_the_user(self.ahead), methods=["GET"]),
            Route(f"{base}/events", told_to_the_user(self.add_event, READERS), methods=["POST"]),
            Route(f"{base}/detection", told_to_the_user(self.detection), methods=["GET"]),
            Route(f"{base}/detection", told_to_the_user(self.detect, BRINGERS), methods=["POST"]),
            Route(f"{base}/detection", told_to_the_user(self.cancel, BRINGERS), methods=["DELETE"]),
            Route(f"{base}/originals.zip", told_to_the_user(self.originals), methods=["GET"]),
        ]

    async def series(self, request: Request) -> Response:
        """The series, the account's reading of it and the detection; opening is audited."""
        return JSONResponse(await run_in_threadpool(self._opened, request))

    async def chunk(self, request: Request) -> Response:
        """One chunk of slices as it lies on disk (zstd), or gzip for browsers without zstd."""
        volume = request.query_params.get("volume")
        coded = await run_in_threadpool(self._chunk, request, volume)
        return await as_stored(request, coded, immutable=volume is not None)

    async def layer(self, request: Request) -> Response:
        """The values of one layer; which they are never changes."""
        return await as_stored(request, await run_in_threadpool(self._layer, request))

    def _chunk(self, request: Request, volume: str | None) -> bytes:
        """The chunk, of the `volume` that the viewer was told of: a series may have grown."""
        uid, number = request.path_params["series_uid"], request.path_params["number"]
        with database.snapshot(self.services.engine) as session:
            stored = studies.series(session, uid).pixel_hash
        if volume not in (None, stored):
            raise LungcoreError("web.volume_changed")
        return self.services.pixels.chunk(uid, number)

    def _layer(self, request: Request) -> bytes:
        uid, sha256 = request.path_params["series_uid"], request.path_params["layer"]
        with database.snapshot(self.services.engine) as session:
            blinding.check_machine(session, uid, request.state.account.account_id)
            layers.check_of_series(session, uid, sha256)
        return self.services.layers.coded(sha256)

    async def ahead(self, request: Request) -> Response:
        """Which chunks to fetch before the series is opened; this opens and changes nothing."""
        return JSONResponse(await run_in_threadpool(self._ahead, request))

    def _ahead(self, request: Request) -> dict[str, Any]:
        account, uid = request.state.account, request.path_params["series_uid"]
        with database.snapshot(self.services.engine) as session:
            found = studies.series(session, uid)
            finding = readings.first_finding(session, uid, account.account_id)
        return {"volume": found.pixel_hash, "chunks": first_chunks(found, finding)}

    async def add_event(self, request: Request) -> Response:
        """Save one event of the account's reading; 409 when the reading changed elsewhere."""
        body = await body_of(request, "event_uid", "reading_id", "version", "kind", "payload")
        try:
            return JSONResponse(await run_in_threadpool(self._append, request, body))
        except ReadingChanged as error:
            answer = await run_in_threadpool(self._reading, request)
            answer["error"] = error.text(request.state.account.language)
            return JSONResponse(answer, 409)

    async def detection(self, request: Request) -> Response:
        """How the latest detection stands."""
        return JSONResponse(await run_in_threadpool(self._detection, request))

    async def detect(self, request: Request) -> Response:
        """Start a detection, or try again after one that failed."""

        def start() -> dict[str, Any]:
            uid = request.path_params["series_uid"]
            self._check_machine(request)
            self.services.jobs.enqueue_detect(uid, request.state.account.account_id)
            return self._detection(request)

        return JSONResponse(await run_in_threadpool(start), 202)

    async def cancel(self, request: Request) -> Response:
        """Stop the running detection."""

        def stop() -> dict[str, Any]:
            self._check_machine(request)
            with database.snapshot(self.services.engine) as session:
                latest = detections.latest(session, request.path_params["series_uid"])
            if latest is not None and latest.state == "running":
                self.services.jobs.cancel(latest.job_id)
            return self._detection(request)

        return JSONResponse(await run_in_threadpool(stop))

    async def originals(self, request: Request) -> Response:
        """The series' original files as one zip, byte for byte as they were imported."""
        uid = request.path_params["series_uid"]
        files = await run_in_threadpool(self._originals, request)
        headers = {"Content-Disposition": f'attachment; filename="{uid}.zip"'}
        return StreamingResponse(zipped(files), media_type="application/zip", headers=headers)

    def _originals(self, request: Request) -> list[tuple[str, Path]]:
        """Name in the zip and place of each original file; taking them is audited."""
        uid = request.path_params["series_uid"]
        with database.transaction(self.services.engine) as session:
            files = studies.instances(session, uid)
            audit.append(
                session,
                actor=request.state.account.username,
                action="series.originals_downloaded",
                subject=uid,
                detail={"files": len(files)},
            )
        # A UID alone may stand for several files: copies of an image that differ are all kept.
        return [
            (f"{number:05}_{file.sop_uid}.dcm", self.services.originals.path(file.sha256))
            for number, file in enumerate(files, 1)
        ]

    def _opened(self, request: Request) -> dict[str, Any]:
        account, uid = request.state.account, request.path_params["series_uid"]
        with database.transaction(self.services.engine) as session:
            found = studies.series(session, uid)
            reading = readings.open_reading(session, uid, account.account_id)
            # Who opens a case of a round reads it: nobody else gets it meanwhile.
            readings.take_case(session, reading.reading_id)
            audit.append(
                session, actor=account.username, action="series.opened", subject=uid, detail={}
            )
            is_blinded = reading.round is not None and reading.round.blinded
            found_others = [] if is_blinded else readings.of_series(session, uid)
            others = [
                _describe_other(session, other, may_be_seen=reading.state.signed)
                for other in found_others
                if other.reading_id != reading.reading_id
            ]
            prior = priors.latest(session, [uid]).get(uid)
            shown = layers.of_detection(session, reading.detection_id)
            # It tells that the machine has looked, and at what it had learnt from.
            is_hidden = reading.round is not None and reading.round.machine_hidden
            odd = () if is_hidden else watching.out_of_range(session, uid)
        return {
            "series": describe_series(found, account.language, odd),
            "pixels": describe_pixels(found),
            "layers": [describe_layer(layer) for layer in shown],
            **describe_reading(reading),
            "also_read_by": others,
            "prior": asdict(prior) if prior else None,
            "detection": self._detection(request),
            "worklist_url": "./" if reading.round is None else "./queue",
            "may_mark": not account.roles.isdisjoint(READERS),
        }

    def _reading(self, request: Request) -> dict[str, Any]:
        account, uid = request.state.account, request.path_params["series_uid"]
        with database.transaction(self.services.engine) as session:
            return describe_reading(readings.open_reading(session, uid, account.account_id))

    def _append(self, request: Request, body: dict[str, Any]) -> dict[str, Any]:
        account, uid = request.state.account, request.path_params["series_uid"]
        payload = self._measured(uid, body["kind"], body["payload"])
        with database.transaction(self.services.engine) as session:
            reading = readings.open_reading(session, uid, account.account_id)
            if body["reading_id"] != reading.reading_id:
                # Made on the page of an account that another has since taken the place of.
                raise ReadingChanged("records.reading_changed")
            saved = readings.append(
                session,
                reading.reading_id,
                event_uid=str(body["event_uid"]),
                kind=body["kind"],
                payload=payload,
                account_id=account.account_id,
                expected_version=body["version"],
            )
        return describe_reading(saved)

    def _measured(self, uid: str, kind: Any, payload: Any) -> Mapping[str, Any]:
        """The payload with what its shape measures: nobody's browser is asked for numbers."""
        check_fields(kind, payload)
        with database.snapshot(self.services.engine) as session:
            found = studies.series(session, uid)
        return self.services.masks.measured(found, payload)

    def _check_machine(self, request: Request) -> None:
        account, uid = request.state.account, request.path_params["series_uid"]
        with database.snapshot(self.services.engine) as session:
            blinding.check_machine(session, uid, account.account_id)

    def _detection(self, request: Request) -> dict[str, Any]:
        account, uid = request.state.account, request.path_params["series_uid"]
        with database.snapshot(self.services.engine) as session:
            if blinding.hides_machine(session, uid, account.account_id):
                return dict(HIDDEN_DETECTION)
            latest = detections.latest(session, uid)
        return describe_detection(latest, self.services.jobs, account.language)


def _describe_other(
    session: Session, other: ReadingSummary, *, may_be_seen: bool
) -> dict[str, Any]:
    """Who else reads the series, and what they marked once both have signed: it sways nobody."""
    kept = readings.load(session, other.reading_id).state.kept
    return {
        "reader": other.reader_name,
        "signed_at": other.signed_at.isoformat() if other.signed_at else None,
        "findings": [describe_finding(finding) for finding in kept]
        if may_be_seen and other.signed_at
        else [],
    }
