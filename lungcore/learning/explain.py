"""Where in a nodule the score of malignancy comes from, and whether that is true."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lungcore.learning import shape
from lungcore.learning.classify import Look, pooled
from lungcore.learning.crops import Stack
from lungcore.learning.tasks import MALIGNANCY_SCORES

LUNG_HU = -850.0  # what an occluded region is filled with


def attribution(one: Look) -> NDArray[np.float32]:
    """What each voxel of the planes adds to the score of malignancy; (planes, SIDE, SIDE).

    Each plane's evidence (see `networks.classifier`), weighted by the area that the nodule has in
    it as its scores are: positive speaks for a high rating, negative against it.
    """
    areas = shape.component(one.logits, one.stack).sum(axis=(1, 2))
    return np.asarray(one.evidence * (areas / areas.sum())[:, None, None], np.float32)


def malignancy_score(one: Look) -> float:
    """The sum of the scores of malignancy, logits, that `attribution` explains."""
    return float(pooled(one)[MALIGNANCY_SCORES].sum())


def hottest(attributions: NDArray[np.float32], count: int) -> NDArray[np.bool_]:
    """The `count` voxels that speak most for a high rating."""
    order = np.argsort(attributions, axis=None)[::-1]
    region = np.zeros(attributions.size, bool)
    region[order[:count]] = True
    return region.reshape(attributions.shape)


def occluded(stack: Stack, region: NDArray[np.bool_]) -> Stack:
    """`stack` with the voxels of `region` filled with what aerated lung looks like."""
    return replace(stack, hu=np.where(region, np.float32(LUNG_HU), stack.hu))
