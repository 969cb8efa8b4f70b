"""The network that this project began with, trained from .npy files: the baseline to beat.

Two convolutions of 32 and 64 filters, a dense layer of 64, one sigmoid; images of 100 x 100 pixels;
Adam on binary cross-entropy.
"""

import json
import math
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from lungcore.errors import LungcoreError
from lungcore.learning import curves
from lungcore.learning.loop import Batch, Loop, Progress, begin_with, optimizer
from lungcore.learning.pictures import MOST, scores_picture
from lungcore.learning.plans import Recipe, is_wanted
from lungcore.learning.roc import auc

SIDE = 100
BATCH = 32
VALIDATION_SHARE = 0.2
METRICS = ("loss", "accuracy")
NOISE = 0.05  # of the images' own spread


@dataclass(frozen=True, slots=True)
class Trained:
    """The model, its history (values an epoch by name) and its metrics on what was held back."""

    model: keras.Model
    history: dict[str, list[float]]
    metrics: dict[str, float]


def network() -> keras.Model:
    """Input (batch, SIDE, SIDE, 1), output (batch, 1), a probability."""
    return keras.Sequential(
        [
            keras.Input((SIDE, SIDE, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ],
        name="seed_cnn",
    )


def read_pairs(images: Path, labels: Path) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Images (n, SIDE, SIDE, 1) and labels (n,) of 0 and 1 from two .npy files.

    Images may lack the last axis. Raises LungcoreError when a file is absent, no plain array, or of
    another shape, or when not both labels are there.
    """
    pixels, truth = _array(images), _array(labels)
    pixels = pixels[..., None] if pixels.ndim == 3 else pixels
    if pixels.ndim != 4 or pixels.shape[1:] != (SIDE, SIDE, 1):
        shape = " x ".join(map(str, pixels.shape))
        raise LungcoreError("learning.images_shape", path=images, shape=shape, side=SIDE)
    truth = truth.reshape(-1)
    if len(truth) != len(pixels) or set(np.unique(truth)) != {0, 1}:
        raise LungcoreError(
            "learning.labels_wrong", path=labels, labels=len(truth), images=len(pixels)
        )
    return pixels.astype(np.float32), truth.astype(np.float32)


def _array(path: Path) -> NDArray:
    if not path.is_file():
        raise LungcoreError("learning.npy_absent", path=path)
    try:
        array = np.load(path, allow_pickle=False)  # a pickle is code
    except (ValueError, EOFError) as problem:
        raise LungcoreError("learning.npy_unreadable", path=path, problem=problem) from problem
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "buif":
        raise LungcoreError("learning.npy_unreadable", path=path, problem=type(array).__name__)
    return array


def train(
    images: NDArray[np.float32],
    labels: NDArray[np.float32],
    recipe: Recipe,
    out: Path,
    parent: Path | None = None,
) -> Trained | None:
    """Train on four fifths of the pairs, drawn by the seed, and measure on the rest.

    `out` gets the curve and what a resumed training needs. parent: a `.keras` file of this network
    to begin with. None when asked to stop.
    """
    keras.utils.set_random_seed(recipe.seed)
    order = np.random.default_rng(recipe.seed).permutation(len(images))
    held_back = max(1, round(VALIDATION_SHARE * len(images)))
    test, learnt = order[:held_back], order[held_back:]
    recipe = replace(recipe, epoch_steps=max(1, math.ceil(len(learnt) / BATCH)))
    model = compiled(recipe, parent)
    shown = images[test[:MOST]], labels[test[:MOST]]
    loop = Loop(
        model,
        out,
        recipe,
        partial(is_wanted, out),
        METRICS,
        lambda: scores_picture(*shown, model.predict_on_batch(shown[0])),
    )

    def batch(progress: Progress) -> Batch:
        epoch, step = divmod(progress.step, recipe.epoch_steps)
        shuffled = np.random.default_rng((recipe.seed, epoch)).permutation(learnt)
        chosen = shuffled[step * BATCH : (step + 1) * BATCH]
        return _varied(images[chosen], recipe, progress.step), labels[chosen, None]

    tests = [test[start : start + BATCH] for start in range(0, len(test), BATCH)]
    held_out = [(images[some], labels[some, None]) for some in tests]
    shapes = [(images[:count], labels[:count, None]) for count in (BATCH, 1)]
    if not loop.run(loop.begin(shapes), batch, held_out):
        return None
    history = _history(out, recipe.epoch_steps)
    scores = model.predict(images[test], verbose=0)[:, 0]
    high = labels[test] > 0
    metrics = {name: values[-1] for name, values in history.items()}
    if 0 < high.sum() < len(high):
        metrics["val_auc"] = auc(scores, high)
    return Trained(model, history, {name: float(value) for name, value in metrics.items()})


def compiled(recipe: Recipe, parent: Path | None = None) -> keras.Model:
    """The network ready to be trained: new, or with the weights of its parent."""
    model = network()
    if parent is not None:
        begin_with(model, keras.saving.load_model(parent, compile=False), recipe)
    focal = recipe.loss == "focal"
    loss = "binary_focal_crossentropy" if focal else "binary_crossentropy"
    model.compile(optimizer(recipe), loss, metrics=["accuracy"])
    model.optimizer.build(model.trainable_variables)
    return model


def _varied(images: NDArray[np.float32], recipe: Recipe, step: int) -> NDArray[np.float32]:
    if recipe.augmentation == "none":
        return images
    rng = np.random.default_rng((recipe.seed, step))
    turned = np.rot90(images, int(rng.integers(4)), axes=(1, 2))
    turned = turned[:, :, ::-1] if rng.random() < 0.5 else turned
    if recipe.augmentation == "full":
        noise = rng.normal(0, NOISE * images.std(), images.shape)
        turned = turned + noise.astype(np.float32)
    return np.ascontiguousarray(turned, np.float32)


def _history(out: Path, epoch_steps: int) -> dict[str, list[float]]:
    """Values an epoch by name: the means of its steps, and its validation."""
    history: dict[str, list[float]] = {}
    of_epoch: dict[str, list[float]] = {}
    for line in curves.read(out):
        for name in METRICS:
            if name in line:
                of_epoch.setdefault(name, []).append(line[name])
        if f"val_{METRICS[0]}" in line:
            for name in METRICS:
                history.setdefault(name, []).append(float(np.mean(of_epoch[name])))
                history.setdefault(f"val_{name}", []).append(line[f"val_{name}"])
            of_epoch.clear()
    return history


def write(trained: Trained, out: Path) -> dict[str, object]:
    """Write `seed_cnn.keras` and `history.json` into `out`; tells what was written."""
    out.mkdir(parents=True, exist_ok=True)
    model, history = out / "seed_cnn.keras", out / "history.json"
    trained.model.save(model)
    history.write_text(json.dumps(trained.history, indent=2) + "\n", encoding="utf-8")
    return {"model": str(model), "history": str(history), "metrics": trained.metrics}
