"""Training of the detector: hard negatives mined on the way, resumable."""

import logging
import multiprocessing
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray

from lungcore.learning import networks
from lungcore.learning.children import end_with_parent
from lungcore.learning.detector_batches import Batch, make_batch, sources, validation_batches
from lungcore.learning.loop import Loop, Progress, begin_with, optimizer
from lungcore.learning.losses import detection_loss
from lungcore.learning.mining import mine
from lungcore.learning.patches import Spot
from lungcore.learning.pictures import detector_picture
from lungcore.learning.plans import Plan, is_wanted
from lungcore.learning.targets import OUTPUT_STRIDE
from lungcore.learning.tasks import Task
from lungcore.learning.windowing import normalise

MINING_AT = (0.15, 0.45)  # shares of the training
BATCHES_AHEAD = 6
TRUTH_CHANNELS = 6  # as `targets.encode` gives them

log = logging.getLogger(__name__)


def train(plan: Plan, out: Path) -> keras.Model | None:
    """Train, counting the steps of an interrupted training in `out`; None when asked to stop.

    Gives the weights that the training ended with.
    """
    keras.utils.set_random_seed(plan.recipe.seed)
    model = compiled(plan)
    loop = Loop(model, out, plan.recipe, partial(is_wanted, out))
    progress = loop.begin([_zeros(*patches) for patches in plan.task.patches])
    learnt = sources(Path(plan.data), plan.task)
    held_out = validation_batches(Path(plan.data), plan.task, plan.recipe.seed)
    shown = held_out[0]
    loop = Loop(
        model,
        out,
        plan.recipe,
        loop.wanted,
        show=lambda: detector_picture(*shown, model.predict_on_batch(shown[0])),
    )
    with _drawer() as workers:
        ahead = _Ahead(workers, plan, progress)

        def batch(progress: Progress) -> Batch:
            minings = progress.notes.setdefault("minings", 0)
            due = progress.step >= MINING_AT[minings] * plan.recipe.steps if minings < 2 else False
            if due:
                found = mine(
                    partial(predict, plan.task, model), learnt.backgrounds, plan.task.spacing_mm
                )
                progress.notes["negatives"] = [asdict(spot) for spot in found]
                progress.notes["minings"] += 1
                log.info("mined %d hard negatives", len(found))
                ahead.forget()
            return ahead.next()

        done = loop.run(progress, batch, held_out)
    return model if done else None


def _zeros(count: int, side: int) -> Batch:
    cells = side // OUTPUT_STRIDE
    return (
        np.zeros((count, side, side, side, 1), np.float32),
        np.zeros((count, cells, cells, cells, TRUTH_CHANNELS), np.float32),
    )


def compiled(plan: Plan) -> keras.Model:
    """The network of the plan, ready to be trained: new, or with the weights of its parent."""
    model = networks.detector(plan.task)
    if plan.parent:
        begin_with(model, networks.load(Path(plan.parent) / "model.keras"), plan.recipe)
    chosen = optimizer(plan.recipe)
    chosen.build(model.trainable_variables)
    model.compile(chosen, loss=detection_loss(plan.recipe.loss))
    return model


def predict(task: Task, model: keras.Model, hu: NDArray[np.int16]) -> NDArray[np.float32]:
    """The detector's output for HU (slices, rows, columns), as `tiling.apply` asks for it."""
    return model.predict_on_batch(normalise(hu, task.window_hu)[None, ..., None])[0]


@contextmanager
def _drawer() -> Iterator[ProcessPoolExecutor]:
    """A process that draws batches beside this one, and ends with it."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=end_with_parent) as workers:
        yield workers
        workers.shutdown(cancel_futures=True)


class _Ahead:
    """Batches drawn some steps ahead; which they are depends on step and negatives alone."""

    def __init__(self, workers: ProcessPoolExecutor, plan: Plan, progress: Progress) -> None:
        self._workers, self._plan, self._progress = workers, plan, progress
        self._waiting: deque[Future[Batch]] = deque()

    def forget(self) -> None:
        """Draw anew: the negatives are others."""
        self._waiting.clear()

    def next(self) -> Batch:
        """The batch of the present step."""
        negatives = [
            Spot(spot["background"], tuple(spot["position"]))
            for spot in self._progress.notes.get("negatives", [])
        ]
        while len(self._waiting) < BATCHES_AHEAD:
            step = self._progress.step + len(self._waiting)
            recipe = self._plan.recipe
            self._waiting.append(
                self._workers.submit(
                    make_batch,
                    Path(self._plan.data),
                    self._plan.task,
                    negatives,
                    recipe.seed,
                    step,
                    recipe.augmentation,
                )
            )
        return self._waiting.popleft().result()
