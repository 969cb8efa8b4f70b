"""Trainings that go on where they were cut off, and the log of their losses."""

import csv
import json
import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np

LOG_EVERY = 20  # steps

log = logging.getLogger(__name__)


def save(state: Path, model: keras.Model, progress: dict[str, Any]) -> None:
    """Keep the model, its optimizer and `progress` (with its `step`) in the folder `state`.

    Variables first, under a name of their own; the small file that names it is then replaced.
    Plain arrays, so that a training may go on under another Keras backend.
    """
    state.mkdir(parents=True, exist_ok=True)
    name = f"step{progress['step']}.npz"
    arrays = [keras.ops.convert_to_numpy(variable) for variable in _variables(model)]
    np.savez(state / name, *arrays)
    (state / "progress.tmp").write_text(json.dumps({**progress, "variables": name}))
    (state / "progress.tmp").replace(state / "progress.json")
    for old in state.glob("step*.npz"):
        if old.name != name:
            old.unlink()


def restore(state: Path, model: keras.Model) -> dict[str, Any]:
    """Fill a compiled model with what `state` keeps; returns the progress, empty without one."""
    if not (state / "progress.json").is_file():
        return {}
    progress: dict[str, Any] = json.loads((state / "progress.json").read_text())
    with np.load(state / progress.pop("variables")) as arrays:
        for variable, name in zip(_variables(model), arrays.files, strict=True):
            variable.assign(arrays[name])
    return progress


def _variables(model: keras.Model) -> list[keras.Variable]:
    return [*model.weights, *model.optimizer.variables]


def record(path: Path, step: int, seconds: float, loss: float) -> None:
    """Add a line to the log of a training."""
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if file.tell() == 0:
            writer.writerow(["step", "seconds", "loss"])
        writer.writerow([step, round(seconds, 1), round(loss, 5)])
    if step % LOG_EVERY == 0:
        log.info("step %d, %.0f s, loss %.4f", step, seconds, loss)
