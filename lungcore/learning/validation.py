"""Semi-synthetic scans: nodules of a fold never trained on, in lungs never trained on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lungcore.imaging.volume import Volume
from lungcore.learning.data import Background, Nodule, Truth
from lungcore.learning.froc import Sphere
from lungcore.learning.patches import thicken
from lungcore.learning.synthesis import draw_lesion, own_diameter_mm, paste
from lungcore.learning.tasks import LUNGS

NODULES_A_SCAN = 8
SLICE_MM = 2.5  # of the labelled scans
MASS_MM = (30.0, 80.0)
APART_MM = 15.0
TRIES = 200


@dataclass(frozen=True, slots=True, eq=False)
class SyntheticScan:
    """A scan with pasted nodules: where each lies, and which nodule it is."""

    background: Background
    volume: Volume
    truths: tuple[Sphere, ...]
    nodules: tuple[Nodule, ...]


def synthetic_scans(
    nodules: Sequence[Nodule],
    backgrounds: Sequence[Background],
    seed: int = 0,
    slice_mm: float = SLICE_MM,
) -> Iterator[SyntheticScan]:
    """Every nodule, at its own size, once into each background, `NODULES_A_SCAN` at a time."""
    rng = np.random.default_rng(seed)
    for background in backgrounds:
        order = rng.permutation(len(nodules))
        for first in range(0, len(order), NODULES_A_SCAN):
            chosen = [nodules[i] for i in order[first : first + NODULES_A_SCAN]]
            sizes_mm = [own_diameter_mm(nodule) for nodule in chosen]
            yield _fill(background, chosen, sizes_mm, slice_mm, rng)


def mass_scans(
    nodules: Sequence[Nodule], backgrounds: Sequence[Background], seed: int = 0
) -> Iterator[SyntheticScan]:
    """Every nodule once into each background, alone and enlarged to a mass of 30 to 80 mm."""
    rng = np.random.default_rng(seed)
    for background in backgrounds:
        for nodule in nodules:
            yield _fill(background, [nodule], [float(rng.uniform(*MASS_MM))], SLICE_MM, rng)


def _fill(
    background: Background,
    nodules: Sequence[Nodule],
    sizes_mm: Sequence[float],
    slice_mm: float,
    rng: np.random.Generator,
) -> SyntheticScan:
    hu = background.volume.hu.astype(np.float32)
    region = background.region & background.trusted
    places = np.argwhere(region)
    pasted: list[tuple[Truth, Nodule]] = []
    for nodule, size_mm in zip(nodules, sizes_mm, strict=True):
        lesion = draw_lesion(nodule, size_mm, LUNGS.spacing_mm, rng)
        for _ in range(TRIES):
            place = places[rng.integers(len(places))]
            if any(_near(place, size_mm, truth) for truth, _ in pasted):
                continue
            truth = paste(hu, region, lesion, place, brighten=rng.random() < 0.5)
            if truth:
                pasted.append((truth, nodule))
                break
    blurred = np.rint(thicken(hu, slice_mm / LUNGS.spacing_mm)).astype(np.int16)
    volume = Volume(blurred, background.volume.affine)
    spheres = tuple(_sphere(volume, truth) for truth, _ in pasted)
    return SyntheticScan(background, volume, spheres, tuple(nodule for _, nodule in pasted))


def _near(place: np.ndarray, size_mm: float, truth: Truth) -> bool:
    reach_mm = (truth.diameter_mm + size_mm) / 2 + APART_MM
    return float(np.linalg.norm(place - truth.centre)) * LUNGS.spacing_mm < reach_mm


def _sphere(volume: Volume, truth: Truth) -> Sphere:
    x, y, z = (float(value) for value in volume.to_mm(truth.centre))
    return Sphere((x, y, z), truth.diameter_mm)
