"""Bright blobs by the Laplacian of Gaussian: what looks like a nodule to a plain filter."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.imaging.resampling import bounding_box, crop, resample
from lungcore.imaging.volume import Volume
from lungcore.learning.tasks import Task

RADII_MM = (2.0, 3.0, 4.5, 6.0, 9.0, 13.0)
MARGIN_VOXELS = 8
NEAR_VOXELS = 3
PEAK_VOXELS = 5  # no two blobs are nearer
HIGHEST_HU = 200  # bone is no brighter to the filter


@dataclass(frozen=True, slots=True)
class Blob:
    """centre_mm in LPS; diameter_mm of the sphere that answers the filter most strongly."""

    centre_mm: tuple[float, float, float]
    diameter_mm: float
    strength: float


def blobs(volume: Volume, region: NDArray[np.bool_], most: int, task: Task) -> list[Blob]:
    """The `most` strongest bright blobs in and at `region` (shape of `volume`), strongest first.

    Scale-normalised, so that large and small ones compare (Lindeberg, IJCV 30:79-116, 1998).
    """
    fine = resample(volume, task.spacing_mm)
    near = resample(Volume(region * np.int16(1000), volume.affine), task.spacing_mm).hu >= 500
    box = bounding_box(near, (MARGIN_VOXELS,) * 3)
    fine = crop(fine, box)
    near = ndimage.binary_dilation(near[box.slices], iterations=NEAR_VOXELS)
    hu = np.clip(fine.hu, task.window_hu[0], min(task.window_hu[1], HIGHEST_HU)).astype(np.float32)
    best = np.full(hu.shape, -np.inf, np.float32)
    radius_mm = np.zeros(hu.shape, np.float32)
    for radius in RADII_MM:
        sigma = radius / np.sqrt(3) / task.spacing_mm
        answer = -(sigma**2) * ndimage.gaussian_laplace(hu, sigma)
        stronger = answer > best
        best[stronger], radius_mm[stronger] = answer[stronger], radius
    peaks = (ndimage.maximum_filter(best, PEAK_VOXELS) == best) & near & (best > 0)
    voxels = np.argwhere(peaks)
    strongest = voxels[np.argsort(-best[peaks])[:most]]
    return [_blob(fine, voxel, radius_mm, best) for voxel in strongest]


def _blob(fine: Volume, voxel: NDArray, radius_mm: NDArray, strength: NDArray) -> Blob:
    x, y, z = (float(value) for value in fine.to_mm(voxel))
    at = tuple(voxel)
    return Blob((x, y, z), 2 * float(radius_mm[at]), float(strength[at]))
