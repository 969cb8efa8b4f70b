"""Where a task looks for its findings: masks by the names of `tasks.REGIONS`."""

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.volume import Volume
from lungcore.learning.tasks import Task

BODY_FROM_HU = -300


def region_mask(volume: Volume, task: Task) -> NDArray[np.bool_]:
    """Where the task looks, shape of the volume; empty where it is not in the field of view."""
    return {"lungs": lung_mask, "body": body_mask}[task.region](volume)


def body_mask(volume: Volume) -> NDArray[np.bool_]:
    """The patient with all that the skin encloses in each slice, without the couch."""
    parts = cc3d.connected_components(volume.hu > BODY_FROM_HU, connectivity=6)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    body = parts == sizes.argmax() if sizes.any() else np.zeros(volume.shape, bool)
    for plane in body:
        outlines, _ = cv2.findContours(
            plane.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        plane |= cv2.drawContours(np.zeros(plane.shape, np.uint8), outlines, -1, 1, -1) > 0
    return body
