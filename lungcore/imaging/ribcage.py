"""The inside of the rib cage, as a surface around the lungs on rays from the middle of the chest.

Ribs stay where they are when what lies inside them is no longer aerated (Prasad 2008 and Mansoor
2014 start from them too). Every slice is sampled on rays from one middle; along a ray, beyond the
last lung, comes the chest wall, and where a rib lies in the slice, its inner side.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

RAYS = 180
STEP_MM = 2.0  # along a ray
STEPS = 115
BONE_HU = 150
THICKEST_MM = 110.0  # from the last lung on a ray to its rib: a mass may lie between
NEIGHBOURS_MM, NEIGHBOURS_RAYS = 12.0, 3  # where another rib lies
SHOULDER_MM = 8.0  # farther out than those is the shoulder blade
SMOOTH = ((8.0, 2.5), (16.0, 6.0), (30.0, 12.0))  # mm and rays; wider where ribs are few
FEW = 0.02  # share of the neighbours with a rib
WALL_MM = (-4.0, 10.0)  # between lung and the inner side of ribs, where nothing lies between


@dataclass(frozen=True, slots=True, eq=False)
class Rays:
    """Rays in the plane from `middle` (row, column), pixels of `pixel_mm`."""

    middle: tuple[float, float]
    pixel_mm: float

    def sample(self, planes: NDArray, method: int) -> NDArray:
        """`planes` (slices, rows, columns) on the rays; (slices, RAYS, STEPS)."""
        angles = np.arange(RAYS) * (2 * np.pi / RAYS)
        away = (np.arange(STEPS) + 0.5) * STEP_MM / self.pixel_mm
        rows = np.asarray(self.middle[0] + np.outer(np.sin(angles), away), np.float32)
        columns = np.asarray(self.middle[1] + np.outer(np.cos(angles), away), np.float32)
        return np.stack([cv2.remap(plane, columns, rows, method) for plane in planes])

    def drawn(self, values: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """What is set on the rays, as planes of `shape` (slices, rows, columns)."""
        rows, columns = np.indices(shape[1:], np.float32)
        rows, columns = rows - np.float32(self.middle[0]), columns - np.float32(self.middle[1])
        angles = np.float32(RAYS / (2 * np.pi)) * np.arctan2(rows, columns) % np.float32(RAYS)
        away = np.hypot(rows, columns) * np.float32(self.pixel_mm / STEP_MM) - np.float32(0.5)
        round_about = np.concatenate([values, values[:, :1]], axis=1).astype(np.uint8) * 255
        drawn = np.zeros(shape, bool)
        for source, target in zip(round_about, drawn, strict=True):
            if source.any():
                target[:] = cv2.remap(source, away, angles, cv2.INTER_LINEAR) >= 128
        return drawn


def last_lung(lungs: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The last step of each ray that is lung, -1 where none is."""
    last = lungs.shape[2] - 1 - lungs[:, :, ::-1].argmax(axis=2)
    return np.where(lungs.any(axis=2), last, -1)


def pleura(hu: NDArray, lungs: NDArray[np.bool_], slice_mm: float) -> NDArray[np.float64] | None:
    """The step of each ray where the lung ends when nothing lies before the ribs; (slices, RAYS).

    hu, lungs: on the rays. -1 where no rib is near; None where no lung lies beside a rib.
    """
    last = last_lung(lungs)
    ribs, known = _inner_sides(hu, last, slice_mm)
    surface = np.full(ribs.shape, np.nan)
    for along_mm, across in SMOOTH:
        sigma = (along_mm / slice_mm, across)
        share = _blurred(known.astype(float), sigma)
        new = np.isnan(surface) & (share > FEW)
        surface[new] = _blurred(np.where(known, ribs, 0.0), sigma)[new] / share[new]
    wall_mm = (surface - last) * STEP_MM
    beside = (last >= 0) & (wall_mm > WALL_MM[0]) & (wall_mm < WALL_MM[1])
    if not beside.any():
        return None
    return np.nan_to_num(surface - np.median(wall_mm[beside]) / STEP_MM, nan=-1.0)


def _inner_sides(
    hu: NDArray, last: NDArray[np.intp], slice_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The step of each ray where its rib begins, and whether a rib, and no other bone, does."""
    steps = np.arange(hu.shape[2])
    bone = (hu > BONE_HU) & (steps > last[:, :, None])
    first = bone.argmax(axis=2).astype(float)
    near = bone.any(axis=2) & (last >= 0) & ((first - last) * STEP_MM < THICKEST_MM)
    first[~near] = np.inf
    size = (2 * round(NEIGHBOURS_MM / slice_mm) + 1, 2 * NEIGHBOURS_RAYS + 1)
    nearest = ndimage.minimum_filter(first, size, mode=("nearest", "wrap"))
    return first, near & (first <= nearest + SHOULDER_MM / STEP_MM)


def _blurred(values: NDArray[np.float64], sigma: tuple[float, float]) -> NDArray[np.float64]:
    return np.asarray(ndimage.gaussian_filter(values, sigma, mode=("nearest", "wrap")))
