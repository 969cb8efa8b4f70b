"""Training of the classifier: members by patient folds, each resumable, and their ensemble.

Members train side by side, each on one core: on two cores 1.6 times as fast as one after the other
on both.
"""

import logging
import math
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import cv2
import keras
import numpy as np

from lungcore.learning import checkpoints, examples, networks
from lungcore.learning.losses import mask_loss, score_loss
from lungcore.learning.places import places
from lungcore.learning.rated import Rated
from lungcore.learning.slabs import Sample, Source, draw_batch, source
from lungcore.learning.tasks import Task

BATCH = 48
LEARNING_RATE, WEIGHT_DECAY = 3e-3, 2e-2
WARM_UP = 0.05  # share of the training
MOST_PLACES = 1500  # of a case
HELD_BACK = 40  # one patient in so many tells when to stop
VALIDATE_EVERY, VALIDATION_BATCHES, PATIENCE = 200, 6, 3
SAVE_EVERY_S = 60
BATCHES_AHEAD = 4
SIDE_BY_SIDE = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # else the first member takes all memory of a GPU
}

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Progress:
    """What a resumed training needs besides the model."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    best_step: int = 0


def train(task: Task, data: Path, out: Path, steps: int, seed: int) -> keras.Model:
    """The ensemble of all members, each trained for `steps` in all, counting those in `out`.

    `out` gets a folder a member, with `state/`, `log.csv` and `validation.csv`.
    """
    examples.check(data, task)  # absent data is told at once
    folders = [out / f"member{number}" for number in range(task.members)]
    context = multiprocessing.get_context("spawn")
    with _side_by_side(), ProcessPoolExecutor(os.cpu_count(), mp_context=context) as workers:
        waiting = [
            workers.submit(train_member, task, data, folder, number, steps, seed)
            for number, folder in enumerate(folders)
        ]
        for future in waiting:
            future.result()
    return networks.ensemble([_restored(task, folder) for folder in folders])


@contextmanager
def _side_by_side() -> Iterator[None]:
    """Processes that start within take one core each; this one stays as it is."""
    before = dict(os.environ)
    os.environ.update(SIDE_BY_SIDE)
    try:
        yield
    finally:
        for name in SIDE_BY_SIDE:
            del os.environ[name]
        os.environ.update(before)


def _restored(task: Task, folder: Path) -> keras.Model:
    member, trained = _member(task)
    checkpoints.restore(folder / "state", trained)
    return member


def train_member(task: Task, data: Path, out: Path, number: int, steps: int, seed: int) -> None:
    """Train one member; it leaves its weights in `out`.

    Stops before when the validation loss has not fallen `PATIENCE` times.
    """
    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s member {number}: %(message)s", force=True
    )
    out.mkdir(parents=True, exist_ok=True)
    keras.utils.set_random_seed(seed + number)
    _, model = _member(task)
    progress = Progress(**checkpoints.restore(out / "state", model))
    if progress.step >= steps or _stalled(progress):
        return
    learnt, held_back = sources(data, task, task.left_out(number))
    validation = [
        draw_batch(held_back, BATCH, task, np.random.default_rng((seed, i)))
        for i in range(VALIDATION_BATCHES)
    ]
    began, saved = time.monotonic() - progress.seconds, time.monotonic()
    with ThreadPoolExecutor(1) as drawer:
        waiting: list[Future[Sample]] = []
        while progress.step < steps and not _stalled(progress) and _is_wanted():
            while len(waiting) < BATCHES_AHEAD:
                key = (seed + number, progress.step + len(waiting))
                waiting.append(drawer.submit(_draw, learnt, task, key))
            model.optimizer.learning_rate.assign(learning_rate(progress.step / steps))
            loss = _loss(model, waiting.pop(0).result())
            progress.step += 1
            progress.seconds = time.monotonic() - began
            checkpoints.record(out / "log.csv", progress.step, progress.seconds, loss)
            if progress.step % VALIDATE_EVERY == 0:
                _validate(out, model, progress, validation)
            if time.monotonic() - saved > SAVE_EVERY_S:
                checkpoints.save(out / "state", model, asdict(progress))
                saved = time.monotonic()
    checkpoints.save(out / "state", model, asdict(progress))


def _is_wanted() -> bool:
    """Whether the process that started this one lives: no two may work at one member."""
    parent = multiprocessing.parent_process()
    return parent is None or parent.is_alive()


def _member(task: Task) -> tuple[keras.Model, keras.Model]:
    """A new member, and the same as it is trained: its evidence has no loss of its own."""
    member = networks.classifier(task)
    trained = keras.Model(member.input, member.outputs[:2])
    optimizer = keras.optimizers.AdamW(LEARNING_RATE, weight_decay=WEIGHT_DECAY, clipnorm=5.0)
    optimizer.build(trained.trainable_variables)
    trained.compile(optimizer, loss=[mask_loss, score_loss])
    return member, trained


def learning_rate(share: float) -> float:
    """Linear warm-up, then half a cosine to nothing; `share` of the training done."""
    if share < WARM_UP:
        return LEARNING_RATE * (0.03 + 0.97 * share / WARM_UP)
    return LEARNING_RATE * 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))


def sources(data: Path, task: Task, without: Sequence[int]) -> tuple[list[Source], list[Source]]:
    """What to learn from when the folds `without` are left out, and what is held back.

    Places that are no finding are learnt from by all members.
    """
    nodules, others = _examples(data, task)
    allowed = [one for one in nodules if one.rated.fold not in without]
    patients = sorted({one.rated.patient_id for one in allowed})
    kept = set(patients[::HELD_BACK])
    learnt = [one for one in allowed if one.rated.patient_id not in kept]
    held_back = [one for one in allowed if one.rated.patient_id in kept]
    return learnt + others, held_back + others[::HELD_BACK]


@cache
def _examples(data: Path, task: Task) -> tuple[list[Source], list[Source]]:
    """The findings and the places that are none; read once a process."""
    cv2.setNumThreads(1)
    none: list[Rated] = []
    for case in examples.cases(data, task):
        none += places(case, MOST_PLACES, task)
    return [source(one) for one in examples.rated(data, task)], [source(one) for one in none]


def _draw(learnt: list[Source], task: Task, key: tuple[int, int]) -> Sample:
    return draw_batch(learnt, BATCH, task, np.random.default_rng(key))


def _loss(model: keras.Model, sample: Sample) -> float:
    slabs, masks, scores = sample
    model.reset_metrics()  # else Keras gives the mean of all steps so far
    return float(model.train_on_batch(slabs, [masks, scores])[0])


def _validate(out: Path, model: keras.Model, progress: Progress, batches: list[Sample]) -> None:
    model.reset_metrics()
    for slabs, masks, scores in batches:
        loss = float(model.test_on_batch(slabs, [masks, scores])[0])  # the mean of those so far
    if loss < progress.best:
        progress.best, progress.best_step = loss, progress.step
    log.info("validation after step %d: %.4f", progress.step, loss)
    checkpoints.record(out / "validation.csv", progress.step, progress.seconds, loss)


def _stalled(progress: Progress) -> bool:
    return progress.step - progress.best_step > PATIENCE * VALIDATE_EVERY
