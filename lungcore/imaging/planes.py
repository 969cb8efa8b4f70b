"""Morphology of masks, slice by slice."""

import cv2
import numpy as np
from numpy.typing import NDArray


def morph(mask: NDArray[np.bool_], operation: int, radius: float) -> NDArray[np.bool_]:
    """`mask` (slices, rows, columns) after OpenCV's `operation` with a disc of `radius` pixels."""
    size = 2 * round(radius) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    result = mask.astype(np.uint8)
    for plane in result:
        if plane.any():
            cv2.morphologyEx(plane, operation, disc, dst=plane)
    return result > 0
