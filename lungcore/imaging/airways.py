"""Windpipe and main bronchi, followed from the head down: gas, but no lung."""

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray

GAS_BELOW_HU = -900
WINDPIPE_MM2 = (60.0, 800.0)  # in one slice
MIDDLE_THIRD = (1 / 3, 2 / 3)  # of the columns, where the windpipe is looked for
SEARCHED = 1 / 2  # of the slices, from the head
WALL = 3  # pixels of the kernel that takes in the wall


def airways(hu: NDArray[np.int16], pixel_mm: float) -> NDArray[np.bool_]:
    """Where they are; `hu` (slices, rows, columns) with the first slice at the head.

    Followed slice by slice, so that they end where they branch into the lungs: what grows beyond
    the size of a windpipe is lung.
    """
    found = np.zeros(hu.shape, np.uint8)
    least, most = (area / pixel_mm**2 for area in WINDPIPE_MM2)
    present = np.zeros(hu.shape[1:], bool)
    for number, plane in enumerate(hu):
        parts = cc3d.connected_components(plane < GAS_BELOW_HU, connectivity=4)
        areas = np.bincount(parts.ravel())
        kept = [part for part in np.unique(parts[present]) if part and areas[part] <= most]
        if not kept and number <= SEARCHED * len(hu):
            kept = [part for part in _central(parts) if least <= areas[part] <= most]
        present = np.isin(parts, kept)
        found[number] = cv2.dilate(present.astype(np.uint8), np.ones((WALL, WALL), np.uint8))
    return found > 0


def _central(parts: NDArray) -> list[int]:
    """The labels whose parts lie wholly in the middle third of the columns, and not at its edge."""
    columns = parts.shape[1]
    low, high = (round(share * columns) for share in MIDDLE_THIRD)
    inside = set(np.unique(parts[1:-1, low:high])) - {0}
    outside = np.unique(np.concatenate([parts[:, :low].ravel(), parts[:, high:].ravel()]))
    edge = np.unique(parts[[0, -1]])
    return sorted(inside - set(outside) - set(edge))
