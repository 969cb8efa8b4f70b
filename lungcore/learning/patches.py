"""Patches the detector trains on: with lesions, own or pasted, with shams and hard negatives."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.learning.data import Background, Nodule, Truth
from lungcore.learning.synthesis import draw_lesion, paste, plain_lung, vary
from lungcore.learning.targets import encode
from lungcore.learning.tasks import Task
from lungcore.learning.windowing import normalise

# Diameters are drawn by these bins and shares, so that no size is rare in training.
SIZE_BINS_MM = ((3, 5), (5, 8), (8, 12), (12, 20), (20, 33), (33, 80))
SIZE_SHARES = (0.2, 0.25, 0.2, 0.17, 0.1, 0.08)
NOT_SOLID_WEIGHT = 4.0  # ground glass and part-solid are a tenth of the nodules
WITH_LESION, HARD_NEGATIVE = 0.65, 0.25  # shares of patches; the rest is any place
SLICE_MM = (1.0, 8.0)
SHIFT_HU, NOISE_HU = 15, 45  # in the window of the lungs; in another, as much of it
# Slices this thick or as thick as the smallest nodule; on thicker ones nobody could see it.
SEEN_ON_MM = 2.5
TRIES = 8  # places tried for a nodule; the masks of the lungs hold vessels and hila too


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """What patches are made of.

    nodules: to paste. spots, edges: for each background, voxels where its region is trusted, and
    those of them at its rim.
    """

    task: Task
    nodules: Sequence[Nodule]
    backgrounds: Sequence[Background]
    spots: Sequence[NDArray[np.int_]]
    edges: Sequence[NDArray[np.int_]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A false positive to learn from: number of the background and voxel there."""

    background: int
    position: tuple[int, int, int]


def prepare(task: Task, nodules: Sequence[Nodule], backgrounds: Sequence[Background]) -> Sources:
    """Look up once where patches may be taken."""
    clear = [background.region & background.trusted for background in backgrounds]
    rims = [region & ~ndimage.binary_erosion(region, iterations=6) for region in clear]
    return Sources(
        task,
        nodules,
        backgrounds,
        spots=[np.argwhere(where)[::7] for where in clear],
        edges=[np.argwhere(where)[::7] for where in rims],
    )


def draw_patch(
    sources: Sources,
    negatives: Sequence[Spot],
    side: int,
    rng: Generator,
    augmentation: str = "full",
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """One input (side, side, side, 1) and its truth as `targets.encode` gives it.

    augmentation: of `plans.AUGMENTATIONS`.
    """
    kind = rng.random()
    if WITH_LESION < kind < WITH_LESION + HARD_NEGATIVE and negatives:
        spot = negatives[int(rng.integers(len(negatives)))]
        number, position = spot.background, np.array(spot.position)
    else:
        number = _draw_background(sources, rng)
        position = _draw_position(sources, number, rng)
    background = sources.backgrounds[number]
    if kind < WITH_LESION and background.lesions:
        lesion = background.lesions[int(rng.integers(len(background.lesions)))]
        position = np.rint(lesion.centre).astype(int)
    start = _start_around(position, background.volume.shape, side, rng)
    cut = tuple(slice(low, low + side) for low in start)
    hu = background.volume.hu[cut].astype(np.float32)
    trusted = background.trusted[cut]
    clear = background.region[cut] & trusted
    truths = _own_lesions(background, start, side, sources.task.spacing_mm)
    if sources.nodules:
        if kind < WITH_LESION:
            truths += _paste_nodules(sources, hu, clear, truths, position - start, rng)
        _paste_shams(sources, number, hu, clear, truths, rng)
    return _augment(hu, trusted, truths, sources.task, rng, augmentation)


def _own_lesions(
    background: Background, start: NDArray[np.int_], side: int, spacing_mm: float
) -> list[Truth]:
    """The lesions of the background that reach into a patch, on its grid."""
    moved = (
        (np.subtract(lesion.centre, start), lesion.diameter_mm) for lesion in background.lesions
    )
    return [
        Truth((centre[0], centre[1], centre[2]), diameter_mm)
        for centre, diameter_mm in moved
        if np.abs(centre - side / 2).max() < side / 2 + diameter_mm / 2 / spacing_mm
    ]


def _draw_background(sources: Sources, rng: Generator) -> int:
    weights = np.sqrt([len(spots) for spots in sources.spots])
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def _draw_position(sources: Sources, number: int, rng: Generator) -> NDArray[np.int_]:
    places = sources.edges if rng.random() < 0.3 else sources.spots
    return places[number][rng.integers(len(places[number]))]


def _start_around(
    position: NDArray[np.int_], shape: tuple[int, int, int], side: int, rng: Generator
) -> NDArray[np.int_]:
    inner = rng.integers(side // 8, side - side // 8, size=3)
    return np.clip(position - inner, 0, np.array(shape) - side)


def _draw_nodule(sources: Sources, rng: Generator) -> tuple[Nodule, float]:
    """A nodule and the diameter to give it, near its own but for masses, which are few."""
    low, high = SIZE_BINS_MM[rng.choice(len(SIZE_BINS_MM), p=SIZE_SHARES)]
    diameter_mm = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    own = np.array([nodule.diameter_mm for nodule in sources.nodules])
    near = np.abs(np.log(own / min(diameter_mm, 25.0))) < np.log(1.3)
    solid = np.array([nodule.texture > 3 for nodule in sources.nodules])
    weights = near * np.where(solid, 1.0, NOT_SOLID_WEIGHT)
    return sources.nodules[rng.choice(len(own), p=weights / weights.sum())], diameter_mm


def _paste_nodules(
    sources: Sources,
    hu: NDArray[np.float32],
    lungs: NDArray[np.bool_],
    known: Sequence[Truth],
    position: NDArray[np.int_],
    rng: Generator,
) -> list[Truth]:
    spacing_mm = sources.task.spacing_mm
    truths: list[Truth] = []
    for _ in range(1 + int(rng.random() < 0.5)):
        nodule, diameter_mm = _draw_nodule(sources, rng)
        lesion = vary(draw_lesion(nodule, diameter_mm, spacing_mm, rng), rng)
        for _ in range(TRIES):
            brighten = bool(rng.random() < 0.6)
            if _clear_of([*known, *truths], position, diameter_mm, spacing_mm) and (
                truth := paste(hu, lungs, lesion, position, brighten=brighten)
            ):
                truths.append(truth)
                break
            position = rng.integers(0, hu.shape)
        position = rng.integers(0, hu.shape)
    return truths


def _clear_of(
    truths: Sequence[Truth], position: NDArray[np.int_], diameter_mm: float, spacing_mm: float
) -> bool:
    return all(
        np.linalg.norm(position - truth.centre) * spacing_mm
        > (truth.diameter_mm + diameter_mm) / 2 + 6
        for truth in truths
    )


def _paste_shams(
    sources: Sources,
    number: int,
    hu: NDArray[np.float32],
    lungs: NDArray[np.bool_],
    truths: Sequence[Truth],
    rng: Generator,
) -> None:
    spacing_mm = sources.task.spacing_mm
    for _ in range(int(rng.integers(0, 3))):
        nodule, diameter_mm = _draw_nodule(sources, rng)
        diameter_mm = min(diameter_mm, 25.0)
        position = rng.integers(0, hu.shape)
        if _clear_of(truths, position, diameter_mm, spacing_mm):
            outline = draw_lesion(nodule, diameter_mm, spacing_mm, rng)
            sham = plain_lung(outline, sources.backgrounds[number].volume.hu, rng)
            if sham:
                paste(hu, lungs, sham, position, brighten=rng.random() < 0.3)


def _augment(
    hu: NDArray[np.float32],
    trusted: NDArray[np.bool_],
    truths: Sequence[Truth],
    task: Task,
    rng: Generator,
    augmentation: str,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    if augmentation == "full":
        smallest_mm = min((item.diameter_mm for item in truths), default=SLICE_MM[1])
        hu = degrade(hu, task, rng, max(SEEN_ON_MM, smallest_mm))
    centres, sizes_mm = [one.centre for one in truths], [one.diameter_mm for one in truths]
    truth = encode(hu.shape, centres, sizes_mm, trusted, task.spacing_mm)
    image = normalise(hu, task.window_hu)
    if augmentation == "none":
        return image[..., None], truth
    for axis in range(3):
        if rng.random() < 0.5:
            image, truth = np.flip(image, axis), np.flip(truth, axis)
            truth[..., 1 + axis] *= -1
    if rng.random() < 0.5:
        image = image.transpose(0, 2, 1)
        truth = truth.transpose(0, 2, 1, 3)[..., [0, 1, 3, 2, 4, 5]]
    return image[..., None], truth


def degrade(
    hu: NDArray[np.float32], task: Task, rng: Generator, thickest_mm: float = SLICE_MM[1]
) -> NDArray[np.float32]:
    """Thicker slices, a softer or sharper kernel, a shift and noise, each at random."""
    if rng.random() < 0.6:
        slice_mm = float(np.exp(rng.uniform(*np.log(SLICE_MM))))
        hu = thicken(hu, min(slice_mm, thickest_mm) / task.spacing_mm)
    if rng.random() < 0.5:
        smooth = ndimage.gaussian_filter(hu, (0, *[rng.uniform(0.4, 1.0)] * 2))
        hu = hu + rng.uniform(-0.6, 1.0) * (smooth - hu)
    noise = rng.normal(0, rng.uniform(0, NOISE_HU * task.contrast), hu.shape).astype(np.float32)
    if rng.random() < 0.5:
        noise = ndimage.gaussian_filter(noise, 0.6) * 2
    return hu + noise + np.float32(rng.normal(0, SHIFT_HU * task.contrast))


def thicken(hu: NDArray[np.float32], thickness: float) -> NDArray[np.float32]:
    """`hu` as seen on slices that are `thickness` of its own thick, interpolated back."""
    slices, rows, columns = hu.shape
    flat = hu.reshape(slices, rows * columns)
    coarse = min(slices, max(2, round(slices / thickness)))
    thick = cv2.resize(flat, (rows * columns, coarse), interpolation=cv2.INTER_AREA)
    fine = cv2.resize(thick, (rows * columns, slices), interpolation=cv2.INTER_LINEAR)
    return np.asarray(fine, np.float32).reshape(hu.shape)
