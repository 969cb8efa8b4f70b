"""The mask of the lungs against contours, and with fluid and masses pasted into real chests.

    python -m benchmarks.lungs [--data ../shared/data]

Three scans: LCTSC-Test-S1-201 with its radiotherapy contours, and LIDC-IDRI-0001 and R01-001 with
the mask of their aerated lungs. Dependent fluid (0 to 20 HU, risen along the chest wall) fills a
share of one hemithorax; masses of 40 HU lie on the pleura beside a bone, on the chest wall or near
the middle of the body. Dice is of both lungs, recall of the voxels that were lung and are pasted
over; each without the step that looks for dense parts, and with it. Intervals are of 1000
bootstraps over the cases, which come from three patients only.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.measuring import parser
from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.resampling import bounding_box
from lungcore.imaging.volume import Volume
from lungcore.learning.data import read_image

FLUID_SHARES = (0.05, 0.1, 0.15, 0.25)
MASSES_MM = (30, 45, 60, 80)
MASSES_A_SIZE = 4
FLUID_HU = (0, 20)
MASS_HU = 40
NOISE_HU = 15.0
TILT = 0.3  # how much deeper the fluid stands towards the feet
MENISCUS_MM, MENISCUS_REACH_MM = 25.0, 12.0
BONE_HU = 200
WALL_MM = 12.0  # a point of the pleura lies as near to a rib
MIDDLE_MM = 45.0  # a mass that comes nearer lies at the spine or the mediastinum
RESAMPLES = 1000
FIGURES = ("Dice without", "Dice with", "recall without", "recall with")


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A chest and what is lung in it. pasted: the voxels that were lung and are filled."""

    name: str
    kind: str
    volume: Volume
    truth: NDArray[np.bool_]
    pasted: NDArray[np.bool_]


def main() -> None:
    arguments = parser(__doc__).parse_args()
    told: dict[str, list[list[float]]] = {}
    for volume, truth, name in scans(arguments.data):
        seconds = {}
        for dense in (False, True):
            began = time.perf_counter()
            mask = lung_mask(volume, dense=dense)
            seconds[dense] = time.perf_counter() - began
            print(f"{name}, dense {dense}: Dice {dice(mask, truth):.4f} in {seconds[dense]:.2f} s")
        for case in cases(volume, truth, name):
            figures = _figures(case)
            print(f"  {case.kind}: " + " ".join(f"{figure:.3f}" for figure in figures), flush=True)
            told.setdefault(case.kind.split(",")[0], []).append(figures)
    for kind, rows in told.items():
        print(f"{kind}, {len(rows)} cases")
        for what, values in zip(FIGURES, zip(*rows, strict=True), strict=True):
            print(f"  {what}: {_interval(values)}")


def _figures(case: Case) -> list[float]:
    """As `FIGURES` names them."""
    before, after = (lung_mask(case.volume, dense=dense) for dense in (False, True))
    recalls = (np.count_nonzero(one & case.pasted) for one in (before, after))
    return [
        dice(before, case.truth),
        dice(after, case.truth),
        *(recall / np.count_nonzero(case.pasted) for recall in recalls),
    ]


def scans(data: Path) -> Iterator[tuple[Volume, NDArray[np.bool_], str]]:
    """The chests, and where their lungs are."""
    case = np.load(data / "lctsc_lung_masks" / "LCTSC-Test-S1-201.npz")
    affine = np.eye(4)[:, [2, 1, 0, 3]] * [3.0, 0.977, 0.977, 1]
    yield Volume(case["hu"].astype(np.int16), affine), case["lung_mask"].astype(bool), "LCTSC"
    for folder, name in (
        ("lidc_scans/LIDC-IDRI-0001/dicom", "LIDC-0001"),
        ("unlabelled/NSCLC-Radiogenomics_R01-001", "R01-001"),
    ):
        volume = read_image(data / folder)
        yield volume, lung_mask(volume, dense=False), name


def cases(volume: Volume, lungs: NDArray[np.bool_], name: str) -> Iterator[Case]:
    """The chest with fluid in either hemithorax, then with masses; always the same ones."""
    rng = np.random.default_rng(0)
    sides = halves(lungs)
    for side, half in zip(("right", "left"), sides, strict=True):
        depth_mm = depths(volume, half)
        for share in FLUID_SHARES:
            fluid = depth_mm >= np.quantile(depth_mm[half], 1 - share)
            kind = f"fluid, {share:.0%} of the {side}"
            yield Case(name, kind, paste(volume, fluid, rng.uniform(*FLUID_HU), rng), lungs, fluid)
    wall = pleura(volume, lungs)
    middle = np.flatnonzero(lungs.any(axis=(0, 1)))[[0, -1]].mean()
    for size_mm in MASSES_MM:
        for _ in range(MASSES_A_SIZE):
            mass = ball_at(volume, wall[rng.integers(len(wall))], size_mm, sides, rng) & lungs
            columns = np.flatnonzero(mass.any(axis=(0, 1)))
            from_middle_mm = np.abs(columns - middle).min() * volume.spacing_mm[2]
            place = "at the chest wall" if from_middle_mm > MIDDLE_MM else "near the middle"
            kind = f"mass {place}, {size_mm} mm"
            yield Case(name, kind, paste(volume, mass, MASS_HU, rng), lungs, mass)


def halves(lungs: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The lung of the lower columns, the patient's right, and that of the higher ones."""
    profile = lungs.sum(axis=(0, 1))
    third = len(profile) // 3
    middle = third + int(profile[third : 2 * third].argmin())
    columns = np.arange(len(profile))
    return lungs & (columns < middle), lungs & (columns >= middle)


def depths(volume: Volume, half: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Which of a lung fluid fills first in a patient who lies on the back: most where deepest."""
    depth_mm = np.full(half.shape, -np.inf, np.float32)
    box = bounding_box(half, (1, 1, 1)).slices
    to_wall_mm = ndimage.distance_transform_edt(half[box], sampling=volume.spacing_mm)
    place_mm = volume.to_mm(np.argwhere(half))
    risen_mm = MENISCUS_MM * np.exp(-to_wall_mm[half[box]] / MENISCUS_REACH_MM)
    depth_mm[half] = place_mm[:, 1] - TILT * place_mm[:, 2] + risen_mm
    return depth_mm


def pleura(volume: Volume, lungs: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Places on the outline of the lungs that lie beside a rib; (n, 3)."""
    box = bounding_box(lungs, (8, 30, 30))
    inside, hu = lungs[box.slices], volume.hu[box.slices]
    outline = inside & ~ndimage.binary_erosion(inside)
    to_bone_mm = ndimage.distance_transform_edt(hu < BONE_HU, sampling=volume.spacing_mm)
    return np.argwhere(outline & (to_bone_mm <= WALL_MM)) + box.start


def ball_at(
    volume: Volume,
    place: NDArray[np.intp],
    size_mm: float,
    sides: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """A ball that the chest wall cuts: its centre lies inside, towards the middle of the lung."""
    side = next(half for half in sides if half[tuple(place)])
    inward_mm = volume.to_mm(np.argwhere(side).mean(axis=0)) - volume.to_mm(place)
    inward_mm *= rng.uniform(0, 0.7) * size_mm / 2 / np.linalg.norm(inward_mm)
    centre = volume.to_index(volume.to_mm(place) + inward_mm)
    axes = (
        (np.arange(count) - middle) * mm
        for count, middle, mm in zip(volume.shape, centre, volume.spacing_mm, strict=True)
    )
    slices, rows, columns = np.meshgrid(*axes, indexing="ij", sparse=True)
    return slices**2 + rows**2 + columns**2 <= (size_mm / 2) ** 2


def paste(volume: Volume, mask: NDArray[np.bool_], hu: float, rng: np.random.Generator) -> Volume:
    """`volume` with `mask` filled by noisy tissue of `hu`, its border blurred."""
    box = bounding_box(mask, (4, 4, 4)).slices
    part = volume.hu[box].astype(np.float32)
    # Tissue beside the border that is as dense stays as it is.
    sigma = [0.8 / mm for mm in volume.spacing_mm]
    share = ndimage.gaussian_filter(mask[box].astype(np.float32), sigma)
    noise = ndimage.gaussian_filter(rng.normal(size=part.shape).astype(np.float32), 0.6)
    filled = hu + noise * (NOISE_HU / noise.std())
    share = np.where(mask[box] | (part < hu), share, 0)
    changed = volume.hu.copy()
    changed[box] = np.rint(part + share * (filled - part)).astype(np.int16)
    return Volume(changed, volume.affine)


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(2 * np.count_nonzero(one & other) / (one.sum() + other.sum()))


def _interval(values: tuple[float, ...]) -> str:
    rng = np.random.default_rng(0)
    means = rng.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return f"{np.mean(values):.3f} (95 % interval {low:.3f} to {high:.3f})"


if __name__ == "__main__":
    main()
