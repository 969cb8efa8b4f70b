"""Resampling of CT volumes onto grids of another spacing."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.volume import Volume


@dataclass(frozen=True, slots=True)
class Box:
    """A box of voxels `[start, stop)` along (slice, row, column)."""

    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The index that cuts the box out of an array."""
        first, second, third = (
            slice(low, high) for low, high in zip(self.start, self.stop, strict=True)
        )
        return first, second, third


def bounding_box(mask: NDArray[np.bool_], margin: tuple[int, int, int] = (0, 0, 0)) -> Box:
    """The smallest box that holds `mask` and `margin` voxels around it, within the array.

    Raises ValueError when the mask is empty.
    """
    start, stop = [], []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        present = np.flatnonzero(mask.any(axis=others))
        if present.size == 0:
            raise ValueError("mask is empty")
        start.append(max(int(present[0]) - margin[axis], 0))
        stop.append(min(int(present[-1]) + 1 + margin[axis], mask.shape[axis]))
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def crop(volume: Volume, box: Box) -> Volume:
    """The part of `volume` inside `box`, a view with its own affine."""
    affine = volume.affine.copy()
    affine[:3, 3] = volume.to_mm(box.start)
    return Volume(volume.hu[box.slices], affine, volume.frame_of_reference_uid)


def resample(volume: Volume, spacing_mm: float) -> Volume:
    """`volume` on a grid of about `spacing_mm` along its own axes, over the same extent.

    Each axis gets a whole number of voxels, so its spacing may differ from `spacing_mm` by half a
    voxel over the extent; the affine of the result is exact. Averages over the area where the
    grid gets coarser, interpolates linearly where it gets finer.
    """
    shape = grid_shape(volume, spacing_mm)
    hu = _resize_slices(_resize_planes(volume.hu, shape[1:]), shape[0])
    return Volume(hu, _rescaled(volume.affine, volume.shape, shape), volume.frame_of_reference_uid)


def grid_shape(volume: Volume, spacing_mm: float) -> tuple[int, int, int]:
    """Voxels along (slice, row, column) of `volume` on a grid of about `spacing_mm`."""
    slices, rows, columns = (
        max(1, round(count * spacing / spacing_mm))
        for count, spacing in zip(volume.shape, volume.spacing_mm, strict=True)
    )
    return slices, rows, columns


def _rescaled(
    affine: NDArray[np.float64], old: tuple[int, ...], new: tuple[int, ...]
) -> NDArray[np.float64]:
    # The outer faces of the grid stay in place, so the first centre moves by half the difference.
    factors = np.divide(old, new)
    scaled = affine.copy()
    scaled[:3, :3] = affine[:3, :3] * factors
    scaled[:3, 3] += affine[:3, :3] @ ((factors - 1) / 2)
    return scaled


def _resize_planes(hu: NDArray[np.int16], shape: tuple[int, int]) -> NDArray[np.int16]:
    if hu.shape[1:] == shape:
        return hu
    shrink = shape[0] * shape[1] < hu.shape[1] * hu.shape[2]
    method = cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
    resized = np.empty((len(hu), *shape), np.int16)
    for source, target in zip(hu, resized, strict=True):
        cv2.resize(source, shape[::-1], dst=target, interpolation=method)
    return resized


def _resize_slices(hu: NDArray[np.int16], slices: int) -> NDArray[np.int16]:
    if len(hu) == slices:
        return hu
    method = cv2.INTER_AREA if slices < len(hu) else cv2.INTER_LINEAR
    resized = np.empty((slices, *hu.shape[1:]), np.int16)
    for row in range(hu.shape[1]):
        plane = np.ascontiguousarray(hu[:, row])
        resized[:, row] = cv2.resize(plane, (hu.shape[2], slices), interpolation=method)
    return resized
