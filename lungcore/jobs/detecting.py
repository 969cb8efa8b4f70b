"""The detect job: from a stored volume to the machine's findings on record."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine

from lungcore.findings.finding import Candidate
from lungcore.imaging.layers import Layer
from lungcore.imaging.volume import Volume
from lungcore.jobs import models
from lungcore.jobs.failures import JobFailedError, told
from lungcore.jobs.leftovers import kept_from_cleaning
from lungcore.learning import inputs, weights
from lungcore.learning.detect import Stopped
from lungcore.records import database, detections, studies, watching
from lungcore.records.layers import LayerStore
from lungcore.records.pixels import PixelStore
from lungcore.settings import Settings

Progress = Callable[[str, float], None]
Stop = Callable[[], bool]


class Found(Protocol):
    """What a detector hands back."""

    @property
    def candidates(self) -> Sequence[Candidate]: ...

    @property
    def layers(self) -> Sequence[Layer]: ...

    @property
    def models(self) -> Mapping[str, str]: ...

    @property
    def seconds(self) -> Mapping[str, float]: ...


class Detector(Protocol):
    """A function that finds nodules, as `lungcore.learning.detect.detect` does."""

    def __call__(
        self,
        volume: Volume,
        models: Mapping[str, Path],
        *,
        engine: str,
        progress: Progress,
        stop: Stop,
    ) -> Found: ...


def detect_series(
    settings: Settings,
    series_uid: str,
    job_id: str,
    *,
    detect: Detector,
    progress: Progress,
    stop: Stop,
) -> None:
    """Detect in a stored series and put the findings on record, all or none of them.

    Doing it again does no harm: the record is kept by `job_id`. A job that was stopped is
    recorded as cancelled. Raises JobFailedError with the reason that is also on record.
    """
    engine = database.connect(settings.database_url)
    try:
        with told(settings.home):
            progress("jobs.step_reading", 0.0)
            volume = PixelStore(settings.storage).read(series_uid)
            folders = models.in_use(settings, engine)
            try:
                found = detect(
                    volume, folders, engine=settings.engine, progress=progress, stop=stop
                )
            except Stopped:
                with database.transaction(engine) as session:
                    detections.end(session, job_id, "cancelled", None)
            else:
                seen = _profile(engine, series_uid, volume)
                learnt = weights.read_card(folders["detector"]).inputs
                _remember(settings, engine, job_id, found, seen, learnt)
    except JobFailedError as failure:
        # The record goes when an import replaces the series; that import starts a new job.
        if failure.reason[0] != "records.detection_unknown":
            with database.transaction(engine) as session:
                detections.end(session, job_id, "failed", failure.reason)
        raise
    finally:
        engine.dispose()


def _profile(engine: Engine, series_uid: str, volume: Volume) -> inputs.Profile:
    with database.snapshot(engine) as session:
        kernel = studies.series(session, series_uid).convolution_kernel
    return inputs.profile(volume, kernel)


def _remember(
    settings: Settings,
    engine: Engine,
    job_id: str,
    found: Found,
    seen: inputs.Profile,
    learnt: Mapping[str, Any],
) -> None:
    """Store the layers, then put all on record: a crash in between leaves files without a record.

    Files of the same content are the same file, so doing it again does no harm.
    """
    with kept_from_cleaning(settings.storage):
        store = LayerStore(settings.storage)
        layers = [(store.add(layer.values), layer) for layer in found.layers]
        with database.transaction(engine) as session:
            detections.finish(
                session, job_id, found.candidates, found.models, found.seconds, layers
            )
            departures = inputs.departures(learnt, seen)
            watching.note_inputs(session, job_id, inputs.as_json(seen), departures)
