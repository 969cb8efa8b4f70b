"""What the classifier sees of a candidate: axial planes of a fixed physical size, in slabs.

SIDE stands for the side of the task's crop.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from lungcore.imaging.volume import Volume
from lungcore.learning.tasks import Crop, Task
from lungcore.learning.windowing import normalise

MOST_CHANNELS = 4  # that OpenCV warps at once


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Axial planes around a candidate on a grid of its own, centred on it.

    task: whose crop it is. hu: float32 of shape (planes, SIDE, SIDE). affine: takes (plane, row,
    column, 1) to LPS mm. before: how many planes lie before the centre's. ends: whether the volume
    ends before the first plane, and after the last. zoom: times the usual distance from pixel to
    pixel and plane to plane.
    """

    task: Task
    hu: NDArray[np.float32]
    affine: NDArray[np.float64]
    before: int
    ends: tuple[bool, bool]
    zoom: float = 1.0

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbours along (plane, row, column)."""
        step_mm, pixel_mm = (
            self.task.crop.step_mm * self.zoom,
            self.task.crop.spacing_mm * self.zoom,
        )
        return step_mm, pixel_mm, pixel_mm

    @property
    def centre(self) -> tuple[float, float, float]:
        """Where (plane, row, column) the candidate's centre lies."""
        middle = (self.task.crop.side - 1) / 2
        return float(self.before), middle, middle

    def slabs(self) -> NDArray[np.float32]:
        """Each plane with its neighbours, normalised; (planes, SIDE, SIDE, neighbours).

        Beyond the first and last plane these repeat, as the training does at random places: the
        end of a crop says nothing of the nodule's size.
        """
        planes = np.arange(len(self.hu))
        chosen = [np.clip(planes + step, 0, len(planes) - 1) for step in self.task.crop.neighbours]
        slabs = np.stack([self.hu[numbers] for numbers in chosen], axis=-1)
        return normalise(slabs, self.task.window_hu)


def stack_at(
    volume: Volume, index: ArrayLike, reach_mm: float, task: Task, zoom: float = 1.0
) -> Stack:
    """The planes within `reach_mm` of `index` (slice, row, column, fractional) in `volume`.

    Cropped as the task has it. Planes outside the volume are left out; rows and columns outside
    repeat its edge. Linear between slices. Raises ValueError when the index is not within the
    volume's slices.
    """
    crop = task.crop
    slice_mm, row_mm, column_mm = volume.spacing_mm
    middle, row, column = np.asarray(index, float)
    last = volume.shape[0] - 1
    if not -0.5 <= middle <= last + 0.5:
        raise ValueError(f"index: slice {middle} is not within the {last + 1} of the volume")
    reach = round(reach_mm / (crop.step_mm * zoom))
    steps = np.arange(-reach, reach + 1)
    places = middle + steps * crop.step_mm * zoom / slice_mm
    inside = (places >= -0.5) & (places <= last + 0.5)
    ends = not inside[0], not inside[-1]
    places = np.clip(places[inside], 0, last)
    low, high = int(places[0]), min(int(places[-1]) + 2, last + 1)
    step = np.diag([crop.spacing_mm * zoom / row_mm, crop.spacing_mm * zoom / column_mm])
    planes = np.stack(
        [warp(plane, (row, column), step, crop.side) for plane in volume.hu[low:high]]
    )
    before = -int(steps[inside][0])
    return Stack(
        task,
        hu=between(planes, places - low),
        affine=_affine(volume, (middle, row, column), before, zoom, crop),
        before=before,
        ends=(bool(ends[0]), bool(ends[1])),
        zoom=zoom,
    )


def _affine(
    volume: Volume, index: tuple[float, float, float], before: int, zoom: float, crop: Crop
) -> NDArray[np.float64]:
    spacing_mm = np.array([crop.step_mm, crop.spacing_mm, crop.spacing_mm]) * zoom
    affine = np.eye(4)
    affine[:3, :3] = volume.affine[:3, :3] / volume.spacing_mm * spacing_mm
    centre = np.array([before, (crop.side - 1) / 2, (crop.side - 1) / 2])
    affine[:3, 3] = volume.to_mm(index) - affine[:3, :3] @ centre
    return affine


def between(planes: NDArray, places: ArrayLike) -> NDArray[np.float32]:
    """The planes at fractional `places` along the first axis, linear between neighbours."""
    within = np.clip(np.asarray(places, float), 0, len(planes) - 1)
    low = within.astype(int)
    high = np.minimum(low + 1, len(planes) - 1)
    share = (within - low).astype(np.float32)[:, None, None]
    return planes[low].astype(np.float32) * (1 - share) + planes[high].astype(np.float32) * share


def warp(
    plane: NDArray, centre: tuple[float, float], step: NDArray[np.float64], side: int
) -> NDArray[np.float32]:
    """`side` x `side` pixels around `centre` (row, column) of `plane`, of any number of channels.

    step: 2x2 matrix that takes one pixel (row, column) of the result to pixels of `plane`. What
    lies beyond the plane repeats its edge.
    """
    middle = (side - 1) / 2
    first = np.asarray(centre) - step @ (middle, middle)
    # OpenCV counts (column, row).
    matrix = np.column_stack([step[::-1, ::-1], first[::-1]])
    plane = np.asarray(plane, np.float32)
    if plane.ndim == 2:
        return _warp(plane, matrix, side)
    starts = range(0, plane.shape[2], MOST_CHANNELS)
    parts = [plane[..., start : start + MOST_CHANNELS] for start in starts]
    return np.dstack([_warp(np.ascontiguousarray(part), matrix, side) for part in parts])


def _warp(
    plane: NDArray[np.float32], matrix: NDArray[np.float64], side: int
) -> NDArray[np.float32]:
    crop = cv2.warpAffine(
        plane,
        matrix,
        (side, side),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(crop, np.float32)


def spread(values: NDArray, outside: float, stack: Stack, volume: Volume) -> NDArray[np.float32]:
    """`values` of the planes (planes, SIDE, SIDE) on the voxels of `volume`, linear between.

    volume: the one that `stack` was taken from, or a part of it. outside: what lies beyond the
    planes.
    """
    # Both grids have the same axes.
    first = np.linalg.solve(stack.affine, [*volume.to_mm((0, 0, 0)), 1.0])[:3]
    ratios = np.divide(volume.spacing_mm, stack.spacing_mm)
    axes = (
        np.arange(count) * ratio + start + 1  # for the pad
        for count, ratio, start in zip(volume.shape, ratios, first, strict=True)
    )
    padded = np.pad(np.asarray(values, np.float32), 1, constant_values=outside)
    places = np.meshgrid(*axes, indexing="ij")
    return ndimage.map_coordinates(padded, places, order=1, mode="nearest")
