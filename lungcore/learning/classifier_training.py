"""Training of the classifier: members by patient folds, each resumable, and their ensemble.

Members train side by side, each on one core: on two cores 1.6 times as fast as one after the other
on both.
"""

import logging
import multiprocessing
import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import cv2
import keras
import numpy as np

from lungcore.learning import checkpoints, examples, networks
from lungcore.learning.children import end_with_parent
from lungcore.learning.loop import Batch, Loop, Progress, begin_with, optimizer
from lungcore.learning.losses import mask_loss, score_loss
from lungcore.learning.pictures import classifier_picture
from lungcore.learning.places import places
from lungcore.learning.plans import Plan, is_wanted
from lungcore.learning.rated import Rated
from lungcore.learning.slabs import Sample, Source, draw_batch, source
from lungcore.learning.tasks import Task

BATCH = 48
MOST_PLACES = 1500  # of a case
HELD_BACK = 40  # one patient in so many tells when to stop
VALIDATION_BATCHES = 6
BATCHES_AHEAD = 4
SIDE_BY_SIDE = {
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # else the first member takes all memory of a GPU
}


def train(plan: Plan, out: Path) -> keras.Model | None:
    """The ensemble of all members, counting the steps of those in `out`; None when asked to stop.

    `out` gets a folder a member, with `state/` and its curve.
    """
    examples.check(Path(plan.data), plan.task)  # absent data is told at once
    folders = [out / f"member{number}" for number in range(plan.task.members)]
    context = multiprocessing.get_context("spawn")
    with (
        _side_by_side(),
        ProcessPoolExecutor(
            os.cpu_count(), mp_context=context, initializer=end_with_parent
        ) as workers,
    ):
        waiting = [
            workers.submit(train_member, plan, out, number) for number in range(len(folders))
        ]
        outcomes = [future.result() for future in waiting]
        if not all(outcomes):
            return None
    return networks.ensemble([_restored(plan, folder) for folder in folders])


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


def _restored(plan: Plan, folder: Path) -> keras.Model:
    member, trained = _member(plan, 0)
    checkpoints.restore(folder / "state", trained)
    return member


def train_member(plan: Plan, out: Path, number: int) -> bool:
    """Train one member; it leaves its weights in its folder. False when asked to stop."""
    logging.basicConfig(
        level=logging.INFO, format=f"%(asctime)s member {number}: %(message)s", force=True
    )
    task, data, seed = plan.task, Path(plan.data), plan.recipe.seed
    keras.utils.set_random_seed(seed + number)
    _, model = _member(plan, number)
    folder = out / f"member{number}"
    loop = Loop(model, folder, plan.recipe, partial(is_wanted, out))
    progress = loop.begin()
    if progress.step >= plan.recipe.steps or loop.stalled(progress):
        return True
    learnt, held_back = sources(data, task, task.left_out(number))
    samples = [
        draw_batch(held_back, BATCH, task, np.random.default_rng((seed, i)))
        for i in range(VALIDATION_BATCHES)
    ]
    slabs, masks, _ = samples[0]
    loop = Loop(
        model,
        folder,
        plan.recipe,
        loop.wanted,
        show=lambda: classifier_picture(slabs, masks, model.predict_on_batch(slabs)[0]),
    )
    with ThreadPoolExecutor(1) as drawer:
        waiting: deque[Future[Sample]] = deque()

        def batch(progress: Progress) -> Batch:
            while len(waiting) < BATCHES_AHEAD:
                key = (seed + number, progress.step + len(waiting))
                kind = plan.recipe.augmentation
                waiting.append(drawer.submit(_draw, learnt, task, key, kind))
            return _as_batch(waiting.popleft().result())

        return loop.run(progress, batch, [_as_batch(one) for one in samples])


def _as_batch(sample: Sample) -> Batch:
    slabs, masks, scores = sample
    return slabs, [masks, scores]


def _member(plan: Plan, number: int) -> tuple[keras.Model, keras.Model]:
    """A member, and the same as it is trained: its evidence has no loss of its own."""
    member = networks.classifier(plan.task)
    if plan.parent:
        parent = networks.load(Path(plan.parent) / "model.keras")
        begin_with(member, parent.get_layer(f"member{number}"), plan.recipe)
    trained = keras.Model(member.input, member.outputs[:2])
    chosen = optimizer(plan.recipe)
    chosen.build(trained.trainable_variables)
    trained.compile(chosen, loss=[mask_loss, score_loss(plan.recipe.loss)])
    return member, trained


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


def _draw(learnt: list[Source], task: Task, key: tuple[int, int], augmentation: str) -> Sample:
    return draw_batch(learnt, BATCH, task, np.random.default_rng(key), augmentation)
