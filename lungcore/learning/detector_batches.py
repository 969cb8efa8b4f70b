"""Batches for the detector's training, drawn in a process of their own: never loads Keras."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lungcore.learning.examples import for_detector
from lungcore.learning.patches import Sources, Spot, draw_patch, prepare
from lungcore.learning.tasks import Task

VALIDATION_BATCHES = 8  # of findings and series held out
LARGE_EVERY = 6  # steps

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]  # inputs and truths


@cache
def sources(data: Path, task: Task) -> Sources:
    """What the training folds hold; read once a process."""
    return prepare(task, *for_detector(data, task))


def make_batch(
    data: Path, task: Task, negatives: list[Spot], seed: int, step: int, augmentation: str = "full"
) -> Batch:
    """Inputs and truths of one step, the same for the same arguments."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng((seed, step))
    usual, large = task.patches
    count, side = large if step % LARGE_EVERY == 0 else usual
    learnt = sources(data, task)
    return _stack([draw_patch(learnt, negatives, side, rng, augmentation) for _ in range(count)])


def validation_batches(data: Path, task: Task, seed: int) -> list[Batch]:
    """The same batches each time: findings and series that the training never sees."""
    held_out = prepare(task, *for_detector(data, task, held_out=True))
    rng = np.random.default_rng(seed)
    count, side = task.patches[0]
    return [
        _stack([draw_patch(held_out, [], side, rng) for _ in range(count)])
        for _ in range(VALIDATION_BATCHES)
    ]


def _stack(patches: list[Batch]) -> Batch:
    images, truths = zip(*patches, strict=True)
    return np.stack(images), np.stack(truths)
