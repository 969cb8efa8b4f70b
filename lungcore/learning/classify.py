"""What lies at a place: a finding or not, its outline, malignancy and the readers' attributes.

Never loads TensorFlow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lungcore.imaging.volume import Volume
from lungcore.learning import shape
from lungcore.learning.crops import Stack, stack_at
from lungcore.learning.peaks import sigmoid
from lungcore.learning.runtime import Network
from lungcore.learning.tasks import HIGHEST, MALIGNANCY

LEAST_REACH_MM, REACH_DIAMETERS = 5.0, 0.75
ZOOMS = (2.0, 3.0)  # for what reaches beyond the planes
# Shares of the field of a plane:
REACH = 1 / 2  # as far as a plane shows of both sides
MASS = 5 / 8  # from here the usual planes may show nothing but the inside
ROOM = 3 / 2  # a crop that shows as much was cut for a mass
BATCH = 64  # slabs that run at once
INPUTS = (*shape.FEATURES, *MALIGNANCY)  # of the malignancy rating


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What the networks say of the planes around a place; means of the members.

    logits: of belonging to the nodule, (planes, SIDE, SIDE). scores: logits of the task's targets,
    one row a plane. evidence: what each pixel adds to the malignancy of its plane, (planes, SIDE,
    SIDE).
    """

    stack: Stack
    logits: NDArray[np.float32]
    scores: NDArray[np.float32]
    evidence: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Assessment:
    """What the classifier says of a place.

    nodule: probability of the task's label, 0 to 1, where half of the places are such.
    malignancy: probability that a radiologist rates it above 3 of 5, not pathology. attributes: the
    task's by name, and malignancy, on their scales. diameter_mm: of the sphere of the segmented
    volume. features: `INPUTS`, what the malignancy rating was made of. measured: the planes, at the
    scale that holds the nodule, and `mask` in them. look: at the usual scale.
    """

    nodule: float
    malignancy: float
    attributes: Mapping[str, float]
    diameter_mm: float
    features: NDArray[np.float64]
    measured: Stack
    mask: NDArray[np.bool_]
    look: Look


def assess(
    volume: Volume,
    centres_mm: ArrayLike,
    network: Network,
    *,
    diameters_mm: Sequence[float] | None = None,
    views: int = 1,
) -> list[Assessment]:
    """What lies at each of `centres_mm` (n, 3) in LPS.

    diameters_mm: about, where known, to look no further than needed. views: how often each member
    of the ensemble looks, turned and mirrored, 1 to 8.
    Raises ValueError when a centre is not within the volume's slices.
    """
    indices = volume.to_index(np.reshape(centres_mm, (-1, 3)))
    task = network.task
    reach_mm = REACH * task.crop.field_mm
    reaches = [reach_mm] * len(indices)
    if diameters_mm is not None:
        wanted = (max(LEAST_REACH_MM, REACH_DIAMETERS * size) for size in diameters_mm)
        reaches = [min(reach_mm, least_mm) for least_mm in wanted]
    stacks = [
        stack_at(volume, index, reach, task) for index, reach in zip(indices, reaches, strict=True)
    ]
    looks = look(stacks, network, views)
    sizes = [None] * len(indices) if diameters_mm is None else diameters_mm
    return [
        _assessed(volume, index, one, size, network, views)
        for index, one, size in zip(indices, looks, sizes, strict=True)
    ]


def look(stacks: Sequence[Stack], network: Network, views: int = 1) -> list[Look]:
    """The networks' say on every plane of `stacks`."""
    if not stacks:
        return []
    slabs = np.concatenate([stack.slabs() for stack in stacks])
    parts = [
        _mean_view(slabs[start : start + BATCH], network, views)
        for start in range(0, len(slabs), BATCH)
    ]
    logits, scores, evidence = (np.concatenate(outputs) for outputs in zip(*parts, strict=True))
    ends = np.cumsum([len(stack.hu) for stack in stacks])[:-1]
    split = (np.split(output, ends) for output in (logits, scores, evidence))
    return [Look(*one) for one in zip(stacks, *split, strict=True)]


def _mean_view(
    slabs: NDArray[np.float32], network: Network, views: int
) -> tuple[NDArray, NDArray, NDArray]:
    logits, scores, evidence = [], [], []
    for number in range(views):
        seen = np.ascontiguousarray(_turned(slabs, number))
        masks, points, maps = network.outputs(seen)
        logits.append(_turned_back(masks.mean(axis=-1), number))
        scores.append(points.mean(axis=1))
        evidence.append(_turned_back(maps.mean(axis=-1), number))
    return np.mean(logits, axis=0), np.mean(scores, axis=0), np.mean(evidence, axis=0)


def _turned(planes: NDArray, view: int) -> NDArray:
    """(n, rows, columns, ...) mirrored and transposed in one of eight ways."""
    planes = planes[:, :: -1 if view & 1 else 1, :: -1 if view & 2 else 1]
    return planes.swapaxes(1, 2) if view & 4 else planes


def _turned_back(planes: NDArray, view: int) -> NDArray:
    planes = planes.swapaxes(1, 2) if view & 4 else planes
    return planes[:, :: -1 if view & 1 else 1, :: -1 if view & 2 else 1]


def _assessed(
    volume: Volume,
    index: NDArray[np.float64],
    near: Look,
    size_mm: float | None,
    network: Network,
    views: int,
) -> Assessment:
    task = network.task
    reach_mm = REACH * task.crop.field_mm
    if _misses_a_mass(volume, near, size_mm):
        for zoom in ZOOMS:
            (wide,) = look([stack_at(volume, index, reach_mm * zoom, task, zoom)], network, views)
            mask = shape.component(wide.logits, wide.stack)
            large = shape.equivalent_diameter_mm(mask, wide.stack) >= MASS * task.crop.field_mm
            if large and shape.holds_centre(mask, wide.stack):
                near = wide
                break
    measured = near
    mask = shape.component(near.logits, near.stack)
    for zoom in (1.0, *ZOOMS):
        if zoom < near.stack.zoom or not shape.goes_on(mask, measured.stack):
            continue
        (measured,) = look([stack_at(volume, index, reach_mm * zoom, task, zoom)], network, views)
        near = measured if zoom == 1.0 else near
        mask = shape.component(measured.logits, measured.stack)
    return conclude(near, measured, mask, network.card.settings)


def _misses_a_mass(volume: Volume, near: Look, size_mm: float | None) -> bool:
    """Whether far less is outlined than there should be: the inside of a mass has no border."""
    field_mm = near.stack.task.crop.field_mm
    mask = shape.component(near.logits, near.stack)
    if size_mm is not None:
        own_mm = shape.equivalent_diameter_mm(mask, near.stack)
        return size_mm >= MASS * field_mm and own_mm < size_mm / 2
    shown_mm = np.multiply(volume.shape, volume.spacing_mm)[1:]
    return bool(shown_mm.min() >= ROOM * field_mm and not (near.logits > 0).any())


def conclude(
    near: Look, measured: Look, mask: NDArray[np.bool_], settings: Mapping[str, float]
) -> Assessment:
    """From what the networks say of the planes to one assessment."""
    task = near.stack.task
    said = dict(zip(task.targets, pooled(near), strict=True))
    features = shape.describe(measured.stack, measured.logits, mask)
    inputs = np.array([(features | said)[name] for name in INPUTS], float)
    rating, malignancy = rate(inputs, settings)
    attributes = {
        name: 1 + (highest - 1) * float(sigmoid(said[name]))
        for name, highest in task.attributes.items()
    }
    return Assessment(
        nodule=float(sigmoid(said[task.label])),
        malignancy=float(malignancy),
        attributes={**attributes, "malignancy": float(rating)},
        diameter_mm=shape.equivalent_diameter_mm(mask, measured.stack),
        features=inputs,
        measured=measured.stack,
        mask=mask,
        look=near,
    )


def pooled(one: Look) -> NDArray[np.float64]:
    """The scores of a nodule: of its planes, weighted by the area that it has in each."""
    areas = shape.component(one.logits, one.stack).sum(axis=(1, 2))
    return np.average(one.scores, axis=0, weights=areas)


def rate(inputs: NDArray, settings: Mapping[str, float]) -> tuple[NDArray, NDArray]:
    """The mean rating, 1 to 5, and the probability of one above 3, from `INPUTS` (..., n).

    settings: the linear model of the rating and the logistic model of the probability, by name.
    """
    weights = np.array([settings[f"rating {name}"] for name in INPUTS])
    linear = inputs @ weights + settings["rating intercept"]
    above = sigmoid(settings["above 3 slope"] * linear + settings["above 3 intercept"])
    return np.clip(linear, 1, HIGHEST), above
