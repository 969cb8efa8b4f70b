"""Training of the detector: hard negatives mined on the way, resumable."""

import logging
import math
import multiprocessing
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from lungcore.learning import checkpoints, networks
from lungcore.learning.detector_batches import Batch, make_batch, sources, validation_batches
from lungcore.learning.losses import detection_loss
from lungcore.learning.mining import mine
from lungcore.learning.patches import Spot
from lungcore.learning.tasks import Task
from lungcore.learning.windowing import normalise

VALIDATE_EVERY = 250  # steps
PATIENCE = 8  # validations without a better one, after which the training stops
LEARNING_RATE = 2e-3
WARM_UP = 0.02  # share of the training
MINING_AT = (0.15, 0.45)  # shares of the training
SAVE_EVERY_S = 120
BATCHES_AHEAD = 6

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Progress:
    """What a resumed training needs besides the model."""

    step: int = 0
    seconds: float = 0.0
    minings: int = 0
    best: float = math.inf
    best_step: int = 0
    negatives: list[Spot] = field(default_factory=list)


def train(task: Task, data: Path, out: Path, steps: int, seed: int) -> keras.Model:
    """Train for `steps` in all, counting those of an interrupted training in `out`.

    Stops before when the validation loss has not fallen `PATIENCE` times, and then gives the
    weights that the training ended with. `out` gets `state/`, `log.csv` and `validation.csv`.
    """
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed)
    model, progress = resume(task, out)
    backgrounds = sources(data, task).backgrounds
    held_out = validation_batches(data, task, seed)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as workers:
        batches = _batches(workers, task, data, seed, progress)
        began = time.monotonic() - progress.seconds
        saved = time.monotonic()
        while progress.step < steps and not _stalled(progress):
            share = progress.step / steps
            if progress.minings < len(MINING_AT) and share >= MINING_AT[progress.minings]:
                progress.negatives = mine(
                    partial(predict, task, model), backgrounds, task.spacing_mm
                )
                progress.minings += 1
                log.info("mined %d hard negatives", len(progress.negatives))
            model.optimizer.learning_rate.assign(learning_rate(share))
            model.reset_metrics()  # else Keras gives the mean of all steps so far
            loss = float(model.train_on_batch(*next(batches)))
            progress.step += 1
            progress.seconds = time.monotonic() - began
            checkpoints.record(out / "log.csv", progress.step, progress.seconds, loss)
            if progress.step % VALIDATE_EVERY == 0:
                _validate(out, model, progress, held_out)
            if time.monotonic() - saved > SAVE_EVERY_S:
                save(out, model, progress)
                saved = time.monotonic()
    save(out, model, progress)
    return model


def _validate(out: Path, model: keras.Model, progress: Progress, held_out: list[Batch]) -> None:
    model.reset_metrics()
    for batch in held_out:
        loss = float(model.test_on_batch(*batch))  # the mean of those so far
    if loss < progress.best:
        progress.best, progress.best_step = loss, progress.step
    log.info("validation after step %d:", progress.step)
    checkpoints.record(out / "validation.csv", progress.step, progress.seconds, loss)


def _stalled(progress: Progress) -> bool:
    return progress.step - progress.best_step > PATIENCE * VALIDATE_EVERY


def predict(task: Task, model: keras.Model, hu: NDArray[np.int16]) -> NDArray[np.float32]:
    """The detector's output for HU (slices, rows, columns), as `tiling.apply` asks for it."""
    return model.predict_on_batch(normalise(hu, task.window_hu)[None, ..., None])[0]


def learning_rate(share: float) -> float:
    """Linear warm-up, then half a cosine to a hundredth; `share` of the training done."""
    if share < WARM_UP:
        return LEARNING_RATE * (0.05 + 0.95 * share / WARM_UP)
    return LEARNING_RATE * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * share)))


def _batches(
    workers: ProcessPoolExecutor, task: Task, data: Path, seed: int, progress: Progress
) -> Iterator[Batch]:
    waiting: deque[Future] = deque()
    step = progress.step
    while True:
        while len(waiting) < BATCHES_AHEAD:
            waiting.append(workers.submit(make_batch, data, task, progress.negatives, seed, step))
            step += 1
        yield waiting.popleft().result()


def resume(task: Task, out: Path) -> tuple[keras.Model, Progress]:
    """The model and progress kept in `out`, or new ones."""
    model = networks.detector(task)
    optimizer = keras.optimizers.AdamW(LEARNING_RATE, weight_decay=1e-3, clipnorm=5.0)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, loss=detection_loss)
    found = checkpoints.restore(out / "state", model)
    spots = found.pop("negatives", [])
    negatives = [Spot(spot["background"], tuple(spot["position"])) for spot in spots]
    return model, Progress(**found, negatives=negatives)


def save(out: Path, model: keras.Model, progress: Progress) -> None:
    """Keep what a resumed training needs in `out`."""
    checkpoints.save(out / "state", model, asdict(progress))
