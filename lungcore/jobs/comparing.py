"""The compare job: a candidate beside the model in use, on every scan of a locked test set."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Engine

from lungcore.errors import LungcoreError
from lungcore.findings.finding import Candidate
from lungcore.findings.labels import Mark
from lungcore.imaging.volume import Volume
from lungcore.jobs import datasets, models
from lungcore.jobs.failures import told
from lungcore.learning import compare, runtime
from lungcore.learning.classify import assess
from lungcore.learning.compare import CANDIDATE, IN_USE, SIDES
from lungcore.learning.detect import Stopped, search
from lungcore.learning.froc import Sphere
from lungcore.learning.regions import region_mask
from lungcore.learning.runtime import Network
from lungcore.records import comparisons, database
from lungcore.records import datasets as versions
from lungcore.records import models as registry
from lungcore.records.pixels import PixelStore
from lungcore.records.series import SeriesHeader
from lungcore.settings import Settings

LEAST_PROBABILITY = 0.02  # far below what is reported, so that the curve goes on to 8 a scan
MOST_CANDIDATES = 100

Progress = Callable[[str, float], None]
Stop = Callable[[], bool]


def compare_models(
    settings: Settings,
    name: str,
    dataset_id: str,
    job_id: str,
    account_id: int | None,
    *,
    progress: Progress,
    stop: Stop,
) -> None:
    """Compare and put it on record, once a job. Raises JobFailedError with the reason."""
    engine = database.connect(settings.database_url)
    try:
        with told(settings.home):
            with database.snapshot(engine) as session:
                model, others = registry.find(session, name), registry.in_use(session)
            for kind in (model.kind, "detector"):  # whose places a classifier is asked about
                if kind not in others:
                    raise LungcoreError("models.no_place", kind=kind)
            other = others[model.kind]
            if other.name == name:
                raise LungcoreError("models.already_in_use", name=name)
            with database.snapshot(engine) as session:
                datasets.check_unseen(session, dataset_id, model, other)
            try:
                result = _result(settings, engine, model, others, dataset_id, progress, stop)
            except Stopped:
                return
            with database.transaction(engine) as session:
                comparisons.add(
                    session,
                    job_id,
                    model.model_id,
                    other.model_id,
                    dataset_id,
                    account_id,
                    result,
                )
    finally:
        engine.dispose()


def _result(
    settings: Settings,
    engine: Engine,
    model: registry.ModelRecord,
    others: Mapping[str, registry.ModelRecord],
    dataset_id: str,
    progress: Progress,
    stop: Stop,
) -> dict[str, Any]:
    with database.snapshot(engine) as session:
        manifest = versions.find(session, dataset_id)
    count = sum(entry.split == "test" for entry in manifest.entries)
    load = runtime.Kept(4)
    networks = {
        kind: load(models.folder_of(settings, one), settings.engine) for kind, one in others.items()
    }
    candidate = load(models.folder_of(settings, model), settings.engine)
    if candidate.task.name != networks[model.kind].task.name:
        here = networks[model.kind].task.name
        raise LungcoreError(
            "models.other_task", name=model.name, task=candidate.task.name, present=here
        )
    scans = []
    look = _detected if model.kind == "detector" else _classified
    sides = {IN_USE: networks[model.kind], CANDIDATE: candidate}
    for number, one in enumerate(datasets.labelled(engine, settings, manifest, ("test",))):
        progress("models.step_comparing", number / count)
        volume = PixelStore(settings.storage).read(one.series.series_uid)
        nodules = one.agreed().nodules
        scans.append(look(one.series, volume, nodules, sides, networks["detector"], stop))
    if not any(scan.nodules for scan in scans):
        raise LungcoreError("models.test_set_empty", dataset=dataset_id)
    return compare.compare(scans)


def _detected(
    series: SeriesHeader,
    volume: Volume,
    marks: Sequence[Mark],
    sides: Mapping[str, Network],
    _detector: Network,
    stop: Stop,
) -> compare.Scan:
    found = {side: _found(volume, network, stop) for side, network in sides.items()}
    return _scan(series, [_nodule(mark) for mark in marks], found)


def _classified(
    series: SeriesHeader,
    volume: Volume,
    marks: Sequence[Mark],
    sides: Mapping[str, Network],
    detector: Network,
    stop: Stop,
) -> compare.Scan:
    """What each side says of the nodules, and of the places that the detector in use sees."""
    places = _found(volume, detector, stop)
    seen: dict[str, list[Candidate]] = {}
    scores: list[dict[str, float]] = [{} for _ in marks]
    centres = [mark.center_mm for mark in marks] + [one.center_mm for one in places]
    indices = volume.to_index(np.array(centres).reshape(-1, 3))
    inside = volume.to_mm(np.clip(indices, 0, np.array(volume.shape) - 1))
    sizes = [_size(mark) for mark in marks] + [one.diameter_mm for one in places]
    for side in SIDES:
        said = assess(volume, inside, sides[side], diameters_mm=sizes)
        for number in range(len(marks)):
            scores[number][side] = said[number].malignancy
        seen[side] = [
            Candidate(one.center_mm, one.diameter_mm, what.nodule, what.malignancy)
            for one, what in zip(places, said[len(marks) :], strict=True)
        ]
    nodules = [_nodule(mark, told) for mark, told in zip(marks, scores, strict=True)]
    return _scan(series, nodules, seen)


def _found(volume: Volume, network: Network, stop: Stop) -> list[Candidate]:
    def before_tile(_share: float) -> None:
        if stop():
            raise Stopped

    region = region_mask(volume, network.task)
    return search(
        volume, region, network, least_probability=LEAST_PROBABILITY, before_tile=before_tile
    )[:MOST_CANDIDATES]


def _scan(
    series: SeriesHeader,
    nodules: Sequence[compare.Nodule],
    candidates: Mapping[str, Sequence[Candidate]],
) -> compare.Scan:
    return compare.Scan(
        series_uid=series.series_uid,
        slice_mm=series.slice_thickness_mm or series.spacing_mm[0],
        kernel=series.convolution_kernel,
        nodules=nodules,
        candidates=candidates,
    )


def _nodule(mark: Mark, scores: Mapping[str, float] | None = None) -> compare.Nodule:
    return compare.Nodule(
        sphere=Sphere(mark.center_mm, _size(mark)),
        texture=mark.attributes.get("texture"),
        malignancy=mark.attributes.get("malignancy"),
        scores=scores,
    )


def _size(mark: Mark) -> float:
    return mark.diameter_mm or 10.0  # LUNA16's evaluation, for marks of no size
