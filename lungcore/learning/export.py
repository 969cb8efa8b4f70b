"""A trained network as the files that ship: Keras, OpenVINO IR and their checksums."""

from pathlib import Path

import keras
import numpy as np
import openvino

from lungcore.errors import LungcoreError
from lungcore.learning.runtime import CONFIGURATION
from lungcore.learning.weights import FILES, digest

FREE_SIDE = 48  # stands for a side of any length in the comparison
AGREE_WITHIN = 1e-3  # in logits, cells and log millimetres


def export(model: keras.Model, folder: Path) -> dict[str, str]:
    """Write `model.keras`, `model.xml` and `model.bin` into `folder`; returns each one's sha256.

    The training's optimizer and loss are left out. Raises LungcoreError when OpenVINO does not
    give what Keras gives: seen with Keras on PyTorch, whose trace fixes the padding of strided
    convolutions to the shape it was traced with.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bare = keras.Model.from_config(model.get_config())
    bare.set_weights(model.get_weights())
    bare.save(folder / "model.keras")
    bare.export(str(folder / "model.xml"), format="openvino", verbose=False)
    difference = disagreement(bare, folder / "model.xml")
    if difference > AGREE_WITHIN:
        backend = keras.backend.backend()
        raise LungcoreError("learning.export_differs", difference=difference, backend=backend)
    return {name: digest(folder / name) for name in FILES}


def disagreement(model: keras.Model, ir: Path) -> float:
    """The largest difference of Keras and OpenVINO on a random input."""
    shape = [side or FREE_SIDE for side in model.input_shape[1:]]
    batch = np.random.default_rng(0).uniform(-1, 1, (1, *shape)).astype(np.float32)
    compiled = openvino.Core().compile_model(str(ir), "CPU", CONFIGURATION)
    return float(np.abs(compiled(batch)[0] - model.predict_on_batch(batch)).max())
