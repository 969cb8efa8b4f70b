"""The network that this project began with, trained from .npy files: the baseline to beat.

Two convolutions of 32 and 64 filters, a dense layer of 64, one sigmoid; images of 100 x 100 pixels;
Adam on binary cross-entropy.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray

from lungcore.errors import LungcoreError
from lungcore.learning.roc import auc

SIDE = 100
EPOCHS = 10
BATCH = 32
VALIDATION_SHARE = 0.2


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
    images: NDArray[np.float32], labels: NDArray[np.float32], epochs: int, seed: int
) -> Trained:
    """Train on four fifths of the pairs, drawn by `seed`, and measure on the rest."""
    keras.utils.set_random_seed(seed)
    order = np.random.default_rng(seed).permutation(len(images))
    held_back = max(1, round(VALIDATION_SHARE * len(images)))
    test, learnt = order[:held_back], order[held_back:]
    model = network()
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(
        images[learnt],
        labels[learnt],
        batch_size=BATCH,
        epochs=epochs,
        validation_data=(images[test], labels[test]),
        verbose=0,
    ).history
    scores = model.predict(images[test], verbose=0)[:, 0]
    high = labels[test] > 0
    metrics = {name: values[-1] for name, values in history.items()}
    if 0 < high.sum() < len(high):
        metrics["val_auc"] = auc(scores, high)
    return Trained(model, history, {name: float(value) for name, value in metrics.items()})


def write(trained: Trained, out: Path) -> dict[str, object]:
    """Write `seed_cnn.keras` and `history.json` into `out`; tells what was written."""
    out.mkdir(parents=True, exist_ok=True)
    model, history = out / "seed_cnn.keras", out / "history.json"
    trained.model.save(model)
    history.write_text(json.dumps(trained.history, indent=2) + "\n", encoding="utf-8")
    return {"model": str(model), "history": str(history), "metrics": trained.metrics}
