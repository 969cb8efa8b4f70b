"""Examples as pictures: what a network sees, what is true, and what it says. uint8 RGB rows."""

import cv2
import numpy as np
from numpy.typing import NDArray

from lungcore.learning.peaks import sigmoid

SIDE = 128  # pixels of a tile
MOST = 6  # tiles in a row
TRUE, SAID = (90, 200, 90), (40, 150, 255)  # BGR, as OpenCV writes


def detector_picture(
    images: NDArray[np.float32], truths: NDArray[np.float32], said: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """The plane of each patch that holds most of a lesion: its truth above, what is said below."""
    tiles = []
    for image, truth, output in zip(images[:MOST], truths, said, strict=False):
        cell = int(truth[..., 0].max(axis=(1, 2)).argmax())
        plane = _large(image[min(4 * cell + 1, len(image) - 1), ..., 0])
        heat = sigmoid(output[cell, ..., 0])
        tiles.append(_pair(plane, truth[cell, ..., 0] >= 0.5, heat))
    return np.hstack(tiles)


def classifier_picture(
    slabs: NDArray[np.float32], masks: NDArray[np.float32], said: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """The middle plane of each slab: the readers' outline above, the network's below."""
    middle = slabs.shape[-1] // 2
    tiles = [
        _pair(_large(slab[..., middle]), mask[..., 0] >= 0.5, sigmoid(logits[..., 0]))
        for slab, mask, logits in zip(slabs[:MOST], masks, said, strict=False)
    ]
    return np.hstack(tiles)


def scores_picture(
    images: NDArray[np.float32], labels: NDArray[np.float32], said: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Each image with a bar as long as its score; green where the label is 1."""
    tiles = []
    for image, label, score in zip(images[:MOST], labels, said.reshape(-1), strict=False):
        spread = float(np.ptp(image)) or 1.0
        tile = _large((image[..., 0] - image.min()) / spread * 2 - 1)
        colour = TRUE if label > 0 else SAID
        cv2.rectangle(tile, (0, SIDE - 8), (int(SIDE * score), SIDE), colour, -1)
        tiles.append(tile)
    return np.hstack(tiles)


def _pair(plane: NDArray[np.uint8], true: NDArray[np.bool_], said: NDArray) -> NDArray[np.uint8]:
    above, below = plane.copy(), plane.copy()
    for tile, shape, colour in ((above, true, TRUE), (below, said >= 0.5, SAID)):
        mask = cv2.resize(shape.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(tile, outlines, -1, colour, 1)
    return np.vstack([above, below])


def _large(plane: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A plane of -1 to 1 as a tile in three channels."""
    gray = np.clip((plane + 1) * 127.5, 0, 255).astype(np.uint8)
    large = cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    return np.repeat(large[..., None], 3, axis=2)
