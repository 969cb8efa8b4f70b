"""Real nodules blended into real lungs, with the exact truth of where they lie.

All arrays are on the grid of a `Background`; positions are voxel indices there.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.learning.data import Nodule, Truth

FEATHER_MM = 2.0  # over which a pasted nodule fades into the lung
SURROUND_HU = -500  # what lies beside a nodule in its own scan is at most this dense
LUNG_HU = -820
AERATED_HU = -400  # denser is vessel, wall or mediastinum, which masks of the lungs hold too
LEAST_VISIBLE = 0.6  # share of a nodule that must lie in aerated lung


@dataclass(frozen=True, slots=True, eq=False)
class Lesion:
    """A nodule on a grid, ready to paste: HU, opacity 0 to 1, and its own voxels."""

    spacing_mm: float

    hu: NDArray[np.float32]
    opacity: NDArray[np.float32]
    mask: NDArray[np.bool_]


def diameter_of(volume_mm3: float) -> float:
    """Diameter in mm of the sphere of `volume_mm3`."""
    return float(np.cbrt(6 * volume_mm3 / np.pi))


def own_diameter_mm(nodule: Nodule) -> float:
    """Diameter of the sphere with the volume of the readers' mask; LUNA16's is a tenth less."""
    voxel_mm3 = float(np.prod(nodule.volume.spacing_mm))
    return diameter_of(np.count_nonzero(nodule.mask) * voxel_mm3)


def draw_lesion(nodule: Nodule, diameter_mm: float, spacing_mm: float, rng: Generator) -> Lesion:
    """`nodule` turned and mirrored at random and scaled to about `diameter_mm`."""
    scale = diameter_mm / own_diameter_mm(nodule)
    spacing = np.array(nodule.volume.spacing_mm)
    # Takes a voxel of the new grid to one of the crop.
    matrix = (_random_turn(rng).T / spacing[:, None]) / scale * spacing_mm
    where = np.argwhere(nodule.mask)
    centre = where.mean(axis=0)
    reach = np.linalg.norm((where - centre) * spacing, axis=1).max() * scale
    side = 2 * int(np.ceil((reach + FEATHER_MM + 1) / spacing_mm)) + 1
    offset = centre - matrix @ np.full(3, (side - 1) / 2)
    hu = _transform(nodule.volume.hu, matrix, offset, side, mode="nearest")
    mask = _transform(nodule.mask, matrix, offset, side, mode="constant") >= 0.5
    beside_mm = ndimage.distance_transform_edt(~mask) * spacing_mm
    hu = np.where(beside_mm > 1, np.minimum(hu, SURROUND_HU), hu)
    opacity = np.clip(1 - (beside_mm - 1) / FEATHER_MM, 0, 1).astype(np.float32)
    return Lesion(spacing_mm, hu, opacity, mask)


def _transform(
    array: NDArray, matrix: NDArray, offset: NDArray, side: int, mode: str
) -> NDArray[np.float32]:
    return ndimage.affine_transform(
        array.astype(np.float32), matrix, offset, (side,) * 3, order=1, mode=mode
    )


def _random_turn(rng: Generator) -> NDArray[np.float64]:
    """A turn about the body's axis, now and then any turn, and mirrorings."""
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.eye(3)
    turn[1:, 1:] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    if rng.random() < 0.3:
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return turn * rng.choice([-1, 1], size=3)


def vary(lesion: Lesion, rng: Generator) -> Lesion:
    """The lesion denser or fainter, at times as ground glass or with a cavity."""
    hu = lesion.hu + rng.normal(0, 25)
    kind = rng.random()
    if kind < 0.12 and lesion.mask.sum() > 150 and lesion.hu[lesion.mask].mean() > -400:
        hu = LUNG_HU + (hu - LUNG_HU) * rng.uniform(0.25, 0.6)
    elif kind < 0.18 and lesion.mask.sum() > 500:
        depth_mm = ndimage.distance_transform_edt(lesion.mask) * lesion.spacing_mm
        wall_mm = depth_mm.max() * rng.uniform(0.25, 0.6)
        hole = np.clip(depth_mm - wall_mm, 0, 1)
        hu = hu + hole * (-900 - hu)
    return replace(lesion, hu=hu.astype(np.float32))


def plain_lung(shape_of: Lesion, source: NDArray[np.int16], rng: Generator) -> Lesion | None:
    """Lung without a nodule in the outline of one, so that a seam alone is no sign of a nodule.

    `source`: lung to cut it from. None when the cut shows a large vessel or the chest wall.
    """
    side = shape_of.hu.shape[0]
    if min(source.shape) <= side:
        return None
    start = rng.integers(0, np.array(source.shape) - side)
    hu = source[tuple(slice(low, low + side) for low in start)].astype(np.float32)
    if hu[shape_of.mask].mean() > -700:
        return None
    return replace(shape_of, hu=hu)


def paste(
    hu: NDArray[np.float32],
    lungs: NDArray[np.bool_],
    lesion: Lesion,
    position: NDArray[np.int_],
    *,
    brighten: bool,
) -> Truth | None:
    """Blend `lesion`, centred on the voxel `position`, into `hu` in place, inside `lungs` alone.

    Tissue that is denser than the lesion stays (vessels, chest wall); with `brighten`, aerated
    lung does as well. Returns None and leaves `hu` as it is when less than `LEAST_VISIBLE` of the
    lesion would lie in aerated lung: nobody could see it.
    """
    side = lesion.hu.shape[0]
    start = position - side // 2
    low = np.maximum(start, 0)
    high = np.minimum(start + side, hu.shape)
    target = tuple(slice(*ends) for ends in zip(low, high, strict=True))
    part = tuple(slice(*ends) for ends in zip(low - start, high - start, strict=True))
    inside = lesion.mask[part] & lungs[target]
    aerated = hu[target] < AERATED_HU
    if np.count_nonzero(inside & aerated) < LEAST_VISIBLE * np.count_nonzero(lesion.mask):
        return None
    change = lesion.hu[part] - hu[target]
    keeps = brighten | ~aerated
    change[keeps] = np.maximum(change[keeps], 0)
    hu[target] += lesion.opacity[part] * lungs[target] * change
    centre = np.argwhere(inside).mean(axis=0) + low
    volume_mm3 = float(np.count_nonzero(inside)) * lesion.spacing_mm**3
    return Truth((centre[0], centre[1], centre[2]), diameter_of(volume_mm3))
