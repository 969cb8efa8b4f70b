"""The parts of the chest's cavity that hold no air: masses at the chest wall, and effusion.

What a ray from the middle of the chest crosses between the last lung and the ribs is such a part
when it is thick, soft and above the diaphragm. What has the density of the fluid found so, and
hangs together with it, is fluid too, also where no lung is left on the ray.
"""

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.imaging.planes import morph
from lungcore.imaging.ribcage import STEP_MM, Rays, last_lung, pleura

SLICE_MM = 3.0  # about; finer slices are left out
THINNEST_MM = 8.0  # before the ribs
TALLEST_MM = 100.0  # where no lung is left on a ray
THICK_LUNG_MM, WALL_NEAR_MM = 10.0, 60.0  # of rays above and below such a place
SOFT_HU = (-40, 100)  # of the mean around
BONE_HU = 150
BLUR_MM = 7.0
OPENING_MM = 4.0
MIRRORED_MM = 20.0  # the two domes of the diaphragm differ by less
FLUID_HU = (-10, 30)
BAND_HU = 12.0  # around the fluid's own density
LEAST_FLUID_ML = 3.0
LEAST_FLUID_SHARE = 0.05  # of what hangs together; less and it runs into other organs
RIM_HU = (-60, 120)  # of the voxels beside fluid that it shares
RIM_MM = 5.0
CLOSING_MM = 10.0


def dense_parts(
    hu: NDArray[np.int16], lungs: NDArray[np.bool_], slice_mm: float, pixel_mm: float
) -> NDArray[np.bool_]:
    """What belongs to the lungs' space beside the aerated `lungs`; all (slices, rows, columns).

    The first slice is nearest to the head. Nothing where ribs or lungs are not seen.
    """
    every = max(1, round(SLICE_MM / slice_mm))
    starts = np.arange(0, len(hu), every)
    planes = np.minimum(starts + every // 2, len(hu) - 1)
    found = _found(hu[planes], lungs[planes], every * slice_mm, pixel_mm)
    return np.repeat(found, every, axis=0)[: len(hu)] & ~lungs


def _found(
    hu: NDArray[np.int16], lungs: NDArray[np.bool_], slice_mm: float, pixel_mm: float
) -> NDArray[np.bool_]:
    if not lungs.any():
        return np.zeros_like(lungs)
    rows, columns = (np.flatnonzero(lungs.any(axis=(0, axis))) for axis in (2, 1))
    rays = Rays(((rows[0] + rows[-1]) / 2, (columns[0] + columns[-1]) / 2), pixel_mm)
    on_rays = rays.sample(lungs.astype(np.uint8), cv2.INTER_NEAREST) > 0
    ends = pleura(rays.sample(hu, cv2.INTER_LINEAR), on_rays, slice_mm)
    if ends is None:
        return np.zeros_like(lungs)
    before_ribs = rays.drawn(_before_ribs(on_rays, ends, slice_mm), hu.shape)
    mean_hu = _mean(hu, slice_mm, pixel_mm)
    soft = (mean_hu > SOFT_HU[0]) & (mean_hu < SOFT_HU[1]) & (hu < BONE_HU)
    thick = morph(before_ribs & soft & ~lungs, cv2.MORPH_OPEN, OPENING_MM / pixel_mm)
    above = _above_diaphragm(lungs, rays.middle[1], slice_mm)
    solid = morph(thick & above, cv2.MORPH_OPEN, OPENING_MM / pixel_mm)
    voxel_ml = slice_mm * pixel_mm**2 / 1000
    fluid = _fluid(hu, mean_hu, lungs, thick, pixel_mm, voxel_ml)
    return _joined(solid | fluid, lungs, pixel_mm) & (hu < BONE_HU)


def _before_ribs(
    lungs: NDArray[np.bool_], ends: NDArray[np.float64], slice_mm: float
) -> NDArray[np.bool_]:
    """What lies between the last lung of a ray and the ribs, where that is thick.

    On a ray without lung, what lies as far out as the lungs of the same ray above and below do.
    """
    last, steps = last_lung(lungs), np.arange(lungs.shape[2])
    wide = (last >= 0) & ((ends - last) * STEP_MM > THINNEST_MM)
    from_lung = wide[:, :, None] & (steps > last[:, :, None])
    first, held = _between_lungs(lungs, ends - last, slice_mm)
    from_neighbours = held[:, :, None] & (steps >= first[:, :, None])
    return (from_lung | from_neighbours) & (steps <= ends[:, :, None])


def _between_lungs(
    lungs: NDArray[np.bool_], to_ribs: NDArray[np.float64], slice_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Where the lung of a ray without any would begin, and whether one is near above and below."""
    has_lung = lungs.any(axis=2)
    sure = (lungs.sum(axis=2) * STEP_MM >= THICK_LUNG_MM) & (to_ribs * STEP_MM < WALL_NEAR_MM)
    numbers, last = np.arange(len(lungs))[:, None], len(lungs) - 1
    far = len(lungs) * 10
    above = np.maximum.accumulate(np.where(sure, numbers, -far), axis=0)
    below = np.minimum.accumulate(np.where(sure, numbers, far)[::-1], axis=0)[::-1]
    held = ~has_lung & ((below - above) * slice_mm <= TALLEST_MM)
    begins = lungs.argmax(axis=2)
    ends = [np.take_along_axis(begins, np.clip(end, 0, last), axis=0) for end in (above, below)]
    share = (numbers - above) / np.maximum(below - above, 1)
    return ends[0] * (1 - share) + ends[1] * share, held


def _above_diaphragm(lungs: NDArray[np.bool_], middle: float, slice_mm: float) -> NDArray[np.bool_]:
    """Where lung lies farther to the feet, or lies clearly so in the other half of the chest.

    The first slice is nearest to the head.
    """
    seen = np.logical_or.accumulate(lungs[::-1], axis=0)[::-1]
    columns = np.rint(2 * middle - np.arange(lungs.shape[2])).astype(int)
    inside = (columns >= 0) & (columns < lungs.shape[2])
    lower = max(1, round(MIRRORED_MM / slice_mm))
    mirrored = np.zeros_like(lungs)
    mirrored[:-lower, :, inside] = seen[lower:, :, columns[inside]]
    return seen | mirrored


def _fluid(
    hu: NDArray[np.int16],
    mean_hu: NDArray[np.float32],
    lungs: NDArray[np.bool_],
    seeds: NDArray[np.bool_],
    pixel_mm: float,
    voxel_ml: float,
) -> NDArray[np.bool_]:
    """What is as dense as the fluid among `seeds` and hangs together with it."""
    densities = mean_hu[seeds & (mean_hu > FLUID_HU[0]) & (mean_hu < FLUID_HU[1])]
    if len(densities) * voxel_ml < LEAST_FLUID_ML:
        return np.zeros_like(lungs)
    alike = (np.abs(mean_hu - np.median(densities)) < BAND_HU) & ~lungs & (hu < RIM_HU[1])
    alike = morph(alike, cv2.MORPH_OPEN, OPENING_MM / pixel_mm)
    parts = cc3d.connected_components(alike, connectivity=6)
    sizes = np.bincount(parts.ravel())
    sown = np.bincount(parts[seeds], minlength=len(sizes))
    kept = (sown * voxel_ml > LEAST_FLUID_ML) & (sown > LEAST_FLUID_SHARE * sizes)
    kept[0] = False
    rim = (hu > RIM_HU[0]) & (hu < RIM_HU[1]) & ~lungs
    return morph(kept[parts], cv2.MORPH_DILATE, RIM_MM / pixel_mm) & rim


def _joined(
    found: NDArray[np.bool_], lungs: NDArray[np.bool_], pixel_mm: float
) -> NDArray[np.bool_]:
    """`found` with the gaps between it and the lungs."""
    closed = morph(found | lungs, cv2.MORPH_CLOSE, CLOSING_MM / pixel_mm)
    return found | (closed & morph(found, cv2.MORPH_DILATE, CLOSING_MM / pixel_mm))


def _mean(hu: NDArray[np.int16], slice_mm: float, pixel_mm: float) -> NDArray[np.float32]:
    """The mean around each voxel; air and bone count as no more than fat and contrast do."""
    side, depth = (2 * round(BLUR_MM / mm / 2) + 1 for mm in (pixel_mm, slice_mm))
    clipped = np.clip(hu, -200, 200).astype(np.float32)
    planes = np.stack([cv2.blur(plane, (side, side)) for plane in clipped])
    return np.asarray(ndimage.uniform_filter1d(planes, depth, axis=0, mode="nearest"))
