"""Training of the detector: blended nodules, hard negatives mined on the way, resumable."""

import csv
import json
import logging
import multiprocessing
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cache, partial
from pathlib import Path

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from lungcore.learning import networks
from lungcore.learning.data import read_nodules, read_training_backgrounds
from lungcore.learning.losses import detection_loss
from lungcore.learning.mining import mine
from lungcore.learning.patches import Sources, Spot, draw_patch, prepare
from lungcore.learning.targets import normalise

TRAINING_FOLDS = frozenset(range(7))
SMALL, LARGE = (6, 64), (2, 96)  # patches a step and their side
LARGE_EVERY = 6  # steps; masses need room
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
    negatives: list[Spot] = field(default_factory=list)


def train(data: Path, out: Path, minutes: float, seed: int) -> keras.Model:
    """Train for `minutes` in all, counting those of an interrupted training in `out`.

    Returns the trained model. `out` gets `state/` and `log.csv`.
    """
    out.mkdir(parents=True, exist_ok=True)
    model, progress = resume(out)
    backgrounds = sources(data).backgrounds
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as workers:
        batches = _batches(workers, data, seed, progress)
        began = time.monotonic() - progress.seconds
        saved = time.monotonic()
        while progress.seconds < minutes * 60:
            share = progress.seconds / (minutes * 60)
            if progress.minings < len(MINING_AT) and share >= MINING_AT[progress.minings]:
                progress.negatives = mine(partial(predict, model), backgrounds)
                progress.minings += 1
                log.info("mined %d hard negatives", len(progress.negatives))
            model.optimizer.learning_rate.assign(learning_rate(share))
            loss = float(model.train_on_batch(*next(batches)))
            progress.step += 1
            progress.seconds = time.monotonic() - began
            _record(out, progress, loss)
            if time.monotonic() - saved > SAVE_EVERY_S:
                save(out, model, progress)
                saved = time.monotonic()
    save(out, model, progress)
    return model


def predict(model: keras.Model, hu: NDArray[np.int16]) -> NDArray[np.float32]:
    """The detector's output for HU (slices, rows, columns), as `tiling.apply` asks for it."""
    return model.predict_on_batch(normalise(hu)[None, ..., None])[0]


def learning_rate(share: float) -> float:
    """Linear warm-up, then half a cosine to a hundredth."""
    if share < WARM_UP:
        return LEARNING_RATE * (0.05 + 0.95 * share / WARM_UP)
    return LEARNING_RATE * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * share)))


@cache
def sources(data: Path) -> Sources:
    """Nodules and lungs of the training folds; read once a process."""
    return prepare(read_nodules(data, TRAINING_FOLDS), read_training_backgrounds(data))


def make_batch(
    data: Path, negatives: list[Spot], seed: int, step: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Inputs and truths of one step, the same for the same arguments."""
    cv2.setNumThreads(1)
    rng = np.random.default_rng((seed, step))
    count, side = LARGE if step % LARGE_EVERY == 0 else SMALL
    patches = [draw_patch(sources(data), negatives, side, rng) for _ in range(count)]
    images, truths = zip(*patches, strict=True)
    return np.stack(images), np.stack(truths)


def _batches(
    workers: ProcessPoolExecutor, data: Path, seed: int, progress: Progress
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    waiting: deque[Future] = deque()
    step = progress.step
    while True:
        while len(waiting) < BATCHES_AHEAD:
            waiting.append(workers.submit(make_batch, data, progress.negatives, seed, step))
            step += 1
        yield waiting.popleft().result()


def resume(out: Path) -> tuple[keras.Model, Progress]:
    """The model and progress kept in `out`, or new ones."""
    model = networks.detector()
    optimizer = keras.optimizers.AdamW(LEARNING_RATE, weight_decay=1e-3, clipnorm=5.0)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, loss=detection_loss)
    state = out / "state"
    if not (state / "progress.json").is_file():
        return model, Progress()
    found = json.loads((state / "progress.json").read_text())
    with np.load(state / found.pop("variables")) as arrays:
        for variable, name in zip(_variables(model), arrays.files, strict=True):
            variable.assign(arrays[name])
    spots = found.pop("negatives")
    negatives = [Spot(spot["background"], tuple(spot["position"])) for spot in spots]
    return model, Progress(**found, negatives=negatives)


def save(out: Path, model: keras.Model, progress: Progress) -> None:
    """Variables first, under a name of their own; the small file that names it is then replaced.

    Plain arrays, so that a training may go on under another Keras backend.
    """
    state = out / "state"
    state.mkdir(exist_ok=True)
    name = f"step{progress.step}.npz"
    arrays = [keras.ops.convert_to_numpy(variable) for variable in _variables(model)]
    np.savez(state / name, *arrays)
    (state / "progress.tmp").write_text(json.dumps({**asdict(progress), "variables": name}))
    (state / "progress.tmp").replace(state / "progress.json")
    for old in state.glob("step*.npz"):
        if old.name != name:
            old.unlink()


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.weights, *model.optimizer.variables]


def _record(out: Path, progress: Progress, loss: float) -> None:
    with (out / "log.csv").open("a", newline="") as file:
        writer = csv.writer(file)
        if file.tell() == 0:
            writer.writerow(["step", "seconds", "loss"])
        writer.writerow([progress.step, round(progress.seconds, 1), round(loss, 5)])
    if progress.step % 20 == 0:
        log.info("step %d, %.0f s, loss %.3f", progress.step, progress.seconds, loss)
