"""From a CT volume to candidates: region, detector, classifier. Never loads TensorFlow.

Where is looked and on which grid is the networks' task to say.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lungcore.errors import LungcoreError
from lungcore.findings.finding import Candidate
from lungcore.imaging.layers import Layer
from lungcore.imaging.resampling import bounding_box, crop, resample
from lungcore.imaging.volume import Volume
from lungcore.learning import runtime, tiling
from lungcore.learning.classify import Assessment, assess
from lungcore.learning.layers import layers_of
from lungcore.learning.peaks import Peak, pick_peaks
from lungcore.learning.regions import region_mask
from lungcore.learning.tasks import Task
from lungcore.learning.weights import MODELS
from lungcore.learning.windowing import normalise

TILE_VOXELS = 6_000_000  # keeps the memory of a tile below 1 GB
SEARCH_FROM, SEARCH_TO = 0.05, 0.9  # of the progress bar

Load = Callable[[Path, str], runtime.Network]


class Stopped(Exception):  # noqa: N818 (the jobs' contract names it; it is no error)
    """`stop` said so before the detection was done."""


@dataclass(frozen=True, slots=True)
class Detection:
    """Candidates, most probable first; name and version of each model; seconds of each step.

    assessments: what the classifier says of each candidate, with what explains it. layers: what of
    it is shown over the images.
    """

    candidates: tuple[Candidate, ...]
    assessments: tuple[Assessment, ...]
    layers: tuple[Layer, ...]
    models: dict[str, str]
    seconds: dict[str, float]


def detect(
    volume: Volume,
    models: Mapping[str, Path],
    *,
    engine: str = runtime.OPENVINO,
    load: Load = runtime.load,
    progress: Callable[[str, float], None] = lambda step, share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Detection:
    """Findings in `volume` with malignancy and attributes, by the weights in the folders `models`.

    models: of `weights.MODELS` by name. engine: that the networks run in, as `runtime.load` takes
    it. load: instead of it, to keep what was loaded. progress: told a catalogue key and the share
    done. stop: asked before each tile.
    Raises Stopped, and LungcoreError when weights are absent or damaged, are of two tasks, or the
    region that they look in is not in view.
    """

    def before_tile(share: float) -> None:
        if stop():
            raise Stopped
        progress("learning.step_search", SEARCH_FROM + share * (SEARCH_TO - SEARCH_FROM))

    seconds: dict[str, float] = {}
    with _timed(seconds, "weights"):
        detector, classifier = _networks(models, engine, load)
    task = detector.task
    progress(f"learning.step_{task.region}", 0.0)
    with _timed(seconds, task.region):
        region = region_mask(volume, task)
    with _timed(seconds, "search"):
        found = search(volume, region, detector, before_tile=before_tile)
    progress("learning.step_rate", SEARCH_TO)
    with _timed(seconds, "classify"):
        assessments = _assessments(volume, found, classifier)
    with _timed(seconds, "layers"):
        layers = tuple(layers_of(volume, region, assessments))
    rated = (
        replace(one, malignancy=said.malignancy, attributes=said.attributes)
        for one, said in zip(found, assessments, strict=True)
    )
    names = {"detector": detector.card.name, "classifier": classifier.card.name}
    return Detection(tuple(rated), tuple(assessments), layers, names, seconds)


def _networks(
    models: Mapping[str, Path], engine: str, load: Load
) -> tuple[runtime.Network, runtime.Network]:
    """Detector and classifier; LungcoreError when they look for different things."""
    detector, classifier = (load(models[name], engine) for name in MODELS)
    own, other = detector.task.name, classifier.task.name
    if own != other:
        path = models["detector"].parent
        raise LungcoreError("learning.tasks_differ", path=path, detector=own, other=other)
    return detector, classifier


def _assessments(
    volume: Volume, found: list[Candidate], classifier: runtime.Network
) -> list[Assessment]:
    # A centre may lie half a voxel of the detector's grid beyond the first or last slice.
    indices = volume.to_index([candidate.center_mm for candidate in found] or np.empty((0, 3)))
    inside = np.clip(indices, 0, np.array(volume.shape) - 1)
    sizes = [candidate.diameter_mm for candidate in found]
    return assess(volume, volume.to_mm(inside), classifier, diameters_mm=sizes)


def search(
    volume: Volume,
    region: NDArray[np.bool_],
    detector: runtime.Network,
    *,
    least_probability: float | None = None,
    before_tile: Callable[[float], None] = lambda share: None,
) -> list[Candidate]:
    """The candidates in `region` (shape of `volume`), most probable first, malignancy not rated.

    least_probability: of a candidate, instead of what the card says; then all are given, and not
    the `most_reported` of the card alone. Raises LungcoreError when `region` is empty.
    """
    task = detector.task
    if not region.any():
        raise LungcoreError(f"learning.no_{task.region}")
    slices, rows, columns = (int(np.ceil(task.margin_mm / mm)) for mm in volume.spacing_mm)
    box = bounding_box(region, (slices, rows, columns))
    fine = resample(crop(volume, box), task.spacing_mm)
    output = tiling.apply(partial(_predict, detector), fine.hu, TILE_VOXELS, before_tile)
    settings = detector.card.settings
    least = settings["least_probability"] if least_probability is None else least_probability
    candidates = (_candidate(peak, fine) for peak in pick_peaks(output, least, task.spacing_mm))
    found = [candidate for candidate in candidates if _reaches(region, volume, candidate, task)]
    return found[: int(settings["most_reported"])] if least_probability is None else found


def _predict(detector: runtime.Network, hu: NDArray[np.int16]) -> NDArray[np.float32]:
    return detector(normalise(hu, detector.task.window_hu)[None, ..., None])[0]


def _candidate(peak: Peak, fine: Volume) -> Candidate:
    x, y, z = (float(value) for value in fine.to_mm(peak.position))
    return Candidate((x, y, z), peak.diameter_mm, peak.probability, None)


def _reaches(region: NDArray[np.bool_], volume: Volume, candidate: Candidate, task: Task) -> bool:
    centre = volume.to_index(candidate.center_mm)
    reach_mm = max(task.near_mm, candidate.diameter_mm / 2)
    reach = reach_mm / np.array(volume.spacing_mm)
    low = np.maximum(np.floor(centre - reach), 0).astype(int)
    high = np.maximum(np.ceil(centre + reach), 0).astype(int) + 1
    return bool(region[tuple(slice(*ends) for ends in zip(low, high, strict=True))].any())


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - began
