"""Trainings that go on where they were cut off."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np


def save(state: Path, model: keras.Model, progress: dict[str, Any]) -> None:
    """Keep the model, its optimizer and `progress` (with its `step`) in the folder `state`.

    Variables first, under a name of their own; the small file that names it is then replaced.
    Plain arrays, so that a training may go on under another Keras backend.
    """
    state.mkdir(parents=True, exist_ok=True)
    name = f"step{progress['step']}.npz"
    arrays = [keras.ops.convert_to_numpy(variable) for variable in variables(model)]
    np.savez(state / "incoming.npz", *arrays)
    (state / "incoming.npz").replace(state / name)
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
        for variable, name in zip(variables(model), arrays.files, strict=True):
            variable.assign(arrays[name])
    return progress


def variables(model: keras.Model) -> list[keras.Variable]:
    """Weights, the seeds that dropout draws by, and what the optimizer remembers."""
    seeds = [one.state for one in _seed_generators(model)]
    return [*model.weights, *seeds, *model.optimizer.variables]


def _seed_generators(layer: keras.layers.Layer) -> list[keras.random.SeedGenerator]:
    found = list(layer._seed_generators)
    for inner in layer._layers:
        found += _seed_generators(inner)
    return found
