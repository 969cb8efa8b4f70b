"""The one loop of every training: steps, validations, checkpoints, and ending when asked to."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from lungcore.errors import LungcoreError
from lungcore.learning import checkpoints, curves
from lungcore.learning.plans import Recipe

LOG_EVERY = 20  # steps
START = 0.05  # of the learning rate, where it begins to rise

log = logging.getLogger(__name__)

Batch = tuple[Any, Any]


@dataclass(slots=True)
class Progress:
    """What a resumed training needs besides the model. notes: what the preset keeps of its own."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf
    best_step: int = 0
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A training in `out`. metrics: what the compiled model tells of a batch, the loss first.

    show: makes a picture of examples and of what the model says of them.
    """

    model: keras.Model
    out: Path
    recipe: Recipe
    wanted: Callable[[], bool] = lambda: True
    metrics: tuple[str, ...] = ("loss",)
    show: Callable[[], NDArray[np.uint8]] | None = None

    def begin(self, shapes: Sequence[Batch] = ()) -> Progress:
        """Fill the model with the last checkpoint, if there is one, and cut the curve to it.

        shapes: batches of zeros, one of each shape that comes. TensorFlow compiles a step for the
        shapes that it meets, in their order, and rounds otherwise for another: met here, in the
        same order always, an interrupted training is to the last digit what it would have been.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        self._meet(shapes)
        progress = Progress(**checkpoints.restore(self.out / "state", self.model))
        curves.cut(self.out, progress.step)
        return progress

    def _meet(self, shapes: Sequence[Batch]) -> None:
        variables = checkpoints.variables(self.model)
        before = [keras.ops.convert_to_numpy(variable) for variable in variables]
        for batch in shapes:
            self.model.train_on_batch(*batch)
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)

    def run(
        self,
        progress: Progress,
        batch: Callable[[Progress], Batch],
        held_out: Sequence[Batch],
    ) -> bool:
        """Learn until the recipe's steps are done or nothing gets better; False when stopped.

        batch: gives what is learnt at `progress.step`.
        """
        began, saved = time.monotonic() - progress.seconds, time.monotonic()
        while progress.step < self.recipe.steps and not self.stalled(progress):
            if not self.wanted():
                self.save(progress)
                return False
            rate = learning_rate(progress.step / self.recipe.steps, self.recipe)
            given = batch(progress)
            self.model.optimizer.learning_rate.assign(rate)
            self.model.reset_metrics()  # else Keras gives the mean of all steps so far
            told = self._told(self.model.train_on_batch(*given))
            progress.step += 1
            progress.seconds = time.monotonic() - began
            self._record(progress, {"rate": rate, **told})
            if progress.step % self.recipe.epoch_steps == 0 or progress.step == self.recipe.steps:
                self._validate(progress, held_out)
            if time.monotonic() - saved > self.recipe.save_every_s:
                self.save(progress)
                saved = time.monotonic()
        self.save(progress)
        return True

    def save(self, progress: Progress) -> None:
        """Keep what a resumed training needs."""
        checkpoints.save(self.out / "state", self.model, asdict(progress))

    def stalled(self, progress: Progress) -> bool:
        """Whether the last epochs brought no better validation."""
        return progress.step - progress.best_step > self.recipe.patience * self.recipe.epoch_steps

    def _validate(self, progress: Progress, held_out: Sequence[Batch]) -> None:
        self.model.reset_metrics()
        told: dict[str, float] = {}
        for batch in held_out:
            told = self._told(self.model.test_on_batch(*batch))  # the mean of those so far
        if not told:
            progress.best_step = progress.step  # nothing is held back: nothing tells when to end
            return
        if not math.isfinite(told["loss"]):
            raise LungcoreError("learning.diverged", step=progress.step)
        if told["loss"] < progress.best:
            progress.best, progress.best_step = told["loss"], progress.step
        self._record(progress, {f"val_{name}": value for name, value in told.items()})
        if self.show is not None:
            write_picture(self.out / "examples.png", self.show())

    def _told(self, values: Any) -> dict[str, float]:
        given = np.atleast_1d(np.asarray(values, float))[: len(self.metrics)]
        return {name: round(float(v), 6) for name, v in zip(self.metrics, given, strict=True)}

    def _record(self, progress: Progress, told: dict[str, float]) -> None:
        seconds = round(progress.seconds, 2)
        curves.append(self.out, {"step": progress.step, "seconds": seconds, **told})
        if progress.step % LOG_EVERY == 0:
            log.info("step %d, %.0f s: %s", progress.step, progress.seconds, told)


def learning_rate(share: float, recipe: Recipe) -> float:
    """Linear warm-up, then half a cosine down to the floor; `share` of the training done."""
    if recipe.warm_up is None:
        return recipe.learning_rate
    if share < recipe.warm_up:
        return recipe.learning_rate * (START + (1 - START) * share / recipe.warm_up)
    fall = 0.5 * (1 + math.cos(math.pi * (share - recipe.warm_up) / (1 - recipe.warm_up)))
    return recipe.learning_rate * (recipe.floor + (1 - recipe.floor) * fall)


def optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """The recipe's optimizer."""
    options: dict[str, Any] = {
        "weight_decay": recipe.weight_decay or None,
        "clipnorm": recipe.clip_norm or None,
    }
    if recipe.optimizer == "sgd":
        return keras.optimizers.SGD(recipe.learning_rate, momentum=0.9, nesterov=True, **options)
    kind = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[recipe.optimizer]
    if recipe.optimizer == "adamw":
        options["weight_decay"] = recipe.weight_decay
    return kind(recipe.learning_rate, **options)


def begin_with(model: keras.Model, parent: keras.Model, recipe: Recipe) -> None:
    """Give `model` the weights of `parent`, and freeze the layers that are not to thaw.

    Raises LungcoreError when the parent is of another shape.
    """
    own = [weight.shape for weight in model.weights]
    if own != [weight.shape for weight in parent.weights]:
        raise LungcoreError("learning.parent_differs")
    model.set_weights(parent.get_weights())
    if recipe.thaw is not None:
        for number, layer in enumerate(weighted(model)):
            layer.trainable = number in recipe.thaw


def weighted(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers that have weights, from the input on."""
    return [layer for layer in model.layers if layer.weights]


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write a PNG, whole or not at all."""
    done, coded = cv2.imencode(".png", picture)
    if done:
        beside = path.with_suffix(".tmp")
        beside.write_bytes(coded.tobytes())
        beside.replace(path)
