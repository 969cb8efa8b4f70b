"""Slabs for the classifier's training: varied views of nodules and of places that are none."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.learning.crops import between, warp
from lungcore.learning.rated import Rated
from lungcore.learning.tasks import ABOVE, Task
from lungcore.learning.windowing import normalise

KINDS = {"voi3d": 0.5, "plane": 0.25, "none": 0.25}  # shares of a batch
# Of the loss. Internal structure is left out: nearly every nodule has the same.
IMPORTANCE = {
    "malignancy": 1.0,
    **dict.fromkeys(ABOVE, 0.1),
    "malignancy_above_3": 1.0,
    "internal_structure": 0.0,
}
LABEL_IMPORTANCE, OTHER_IMPORTANCE = 1.0, 0.3
SCORED_FROM = 0.5  # of the nodule's largest area, a plane tells what the nodule is
SHIFT = 1.8  # pixels that the centre is off
SHIFT_HU, NOISE_HU = 25, 45  # in the window of the lungs; in another, as much of it
CUT_SHARE = 0.6  # of the slabs end at a random place, so that ends say nothing of a size

Sample = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A nodule or other place, with what drawing needs to know of its mask.

    centre: (slice, row, column) of the mask, or the place itself. areas: share of the largest
    area of the mask that each slice holds.
    """

    rated: Rated
    centre: NDArray[np.float64]
    areas: NDArray[np.float64]


def source(rated: Rated) -> Source:
    """`rated` with centre and areas of its mask."""
    if rated.mask is None:
        return Source(rated, rated.index, np.ones(rated.volume.shape[0]))
    areas = rated.mask.sum(axis=(1, 2))
    return Source(rated, np.array(ndimage.center_of_mass(rated.mask)), areas / areas.max())


def draw_batch(
    sources: list[Source], count: int, task: Task, rng: Generator, augmentation: str = "full"
) -> Sample:
    """Slabs, masks with weights, and targets with weights, as the losses take them.

    augmentation: of `plans.AUGMENTATIONS`.
    """
    pools = {kind: [one for one in sources if one.rated.kind == kind] for kind in KINDS}
    present = [kind for kind, pool in pools.items() if pool]
    shares = np.array([KINDS[kind] for kind in present])
    chosen = rng.choice(len(present), count, p=shares / shares.sum())
    drawn = []
    for number in chosen:
        pool = pools[present[number]]
        drawn.append(draw(pool[rng.integers(len(pool))], task, rng, augmentation))
    slabs, masks, scores = zip(*drawn, strict=True)
    return np.stack(slabs), np.stack(masks), np.stack(scores)


def draw(one: Source, task: Task, rng: Generator, augmentation: str = "full") -> Sample:
    """A slab cut short and shifted; unless `none`, turned, mirrored and scaled; `full`, blurred and
    with noise too."""
    rated, crop = one.rated, task.crop
    slice_mm, row_mm, _ = rated.volume.spacing_mm
    place = _place(one, rng)
    low, high = 0.0, rated.volume.shape[0] - 1.0
    if rng.random() < CUT_SHARE:
        reach = crop.neighbours[-1] * crop.step_mm / slice_mm
        low = max(low, place - rng.uniform(0, reach))
        high = min(high, place + rng.uniform(0, reach))
    places = np.clip(place + np.array(crop.neighbours) * crop.step_mm / slice_mm, low, high)
    mask = np.zeros_like(rated.volume.hu[:1]) if rated.mask is None else rated.mask
    planes = [*between(rated.volume.hu, places), between(mask, [place])[0]]
    is_moved = augmentation != "none"
    angle = rng.uniform(0, 2 * np.pi) * is_moved
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    mirror, scale = rng.choice([-1, 1], 2), rng.uniform(0.88, 1.12)
    step = turn * (mirror * scale if is_moved else 1.0) * crop.spacing_mm / row_mm
    row, column = one.centre[1:] + rng.normal(0, SHIFT * crop.spacing_mm, 2) / row_mm
    view = warp(np.dstack(planes), (row, column), step, crop.side)
    has_mask = np.float32(rated.kind != "plane")
    masks = np.dstack([view[..., -1] >= 0.5, np.full((crop.side, crop.side), has_mask)])
    seen = _varied(view[..., :-1], task, rng) if augmentation == "full" else view[..., :-1]
    return (
        normalise(seen, task.window_hu),
        masks.astype(np.float32),
        np.stack([rated.targets, _weights(one, place, task)]),
    )


def _place(one: Source, rng: Generator) -> float:
    """The fractional slice of the slab's middle: mostly where the nodule is large."""
    slice_mm = one.rated.volume.spacing_mm[0]
    last = one.rated.volume.shape[0] - 1
    if one.rated.kind == "plane":
        return 0.0
    if one.rated.kind == "none":
        place = one.centre[0] + rng.normal(0, 1) / slice_mm
    elif rng.random() < 0.6:
        place = rng.choice(np.flatnonzero(one.areas >= SCORED_FROM)) + rng.uniform(-0.5, 0.5)
    else:
        held = np.flatnonzero(one.areas)
        margin = 2 / slice_mm + 0.5
        place = rng.uniform(held[0] - margin, held[-1] + margin)
    return float(np.clip(place, 0, last))


def _weights(one: Source, place: float, task: Task) -> NDArray[np.float32]:
    share = np.interp(place, np.arange(len(one.areas)), one.areas)
    rest = [IMPORTANCE.get(name, OTHER_IMPORTANCE) for name in task.targets[1:]]
    importance = np.array([LABEL_IMPORTANCE, *rest], np.float32)
    return one.rated.weights * importance * np.float32(share >= SCORED_FROM)


def _varied(hu: NDArray[np.float32], task: Task, rng: Generator) -> NDArray[np.float32]:
    if rng.random() < 0.3:
        hu = np.asarray(cv2.GaussianBlur(hu, (0, 0), rng.uniform(0.3, 0.9)), np.float32)
    hu = hu * np.float32(rng.uniform(0.95, 1.05)) + np.float32(
        rng.normal(0, SHIFT_HU * task.contrast)
    )
    noise = rng.normal(0, 1, hu.shape) * rng.uniform(0, NOISE_HU * task.contrast)
    return hu + noise.astype(np.float32)
