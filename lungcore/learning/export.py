"""A trained network as the files that ship: Keras, OpenVINO IR and their checksums."""

from pathlib import Path

import keras
import numpy as np
import openvino

from lungcore.errors import LungcoreError
from lungcore.learning import tasks
from lungcore.learning.runtime import CONFIGURATION
from lungcore.learning.weights import FILES, digest

FREE_SIDE = 48  # stands for a side of any length in the comparison
AGREE_WITHIN = 1e-3  # in logits, cells and log millimetres


def export(model: keras.Model, task: tasks.Task, folder: Path) -> dict[str, str]:
    """Write `model.keras`, `model.xml` and `model.bin` into `folder`; returns each one's sha256.

    `task`, by which the network runs, goes beside them.

    The training's optimizer and loss are left out. Raises LungcoreError when Keras does not run on
    TensorFlow (PyTorch's trace fixes the padding of strided convolutions to the shape it was traced
    with, and that of others OpenVINO does not read), or when OpenVINO does not give what Keras
    gives.
    """
    if keras.backend.backend() != "tensorflow":
        raise LungcoreError("learning.export_backend", backend=keras.backend.backend())
    folder.mkdir(parents=True, exist_ok=True)
    bare = keras.Model.from_config(model.get_config())
    bare.set_weights(model.get_weights())
    bare.save(folder / "model.keras")
    write_ir(bare, folder / "model.xml")
    difference = disagreement(bare, folder / "model.xml")
    if difference > AGREE_WITHIN:
        raise LungcoreError("learning.export_differs", difference=difference)
    tasks.write(folder / tasks.FILE, task)
    return {name: digest(folder / name) for name in FILES}


def write_ir(model: keras.Model, path: Path) -> None:
    """Write `path` and the weights beside it, with the outputs of `model` and no other."""
    model.export(str(path), format="openvino", verbose=False)
    network = openvino.Core().read_model(path)
    stray = network.get_results()[len(model.outputs) :]
    if stray:  # seen with UpSampling2D: the shape that it asks for
        for result in stray:
            network.remove_result(result)
        clean = path.with_name(f"clean-{path.name}")
        openvino.save_model(network, clean, compress_to_fp16=False)
        del network  # it holds the weights' file
        for suffix in (".xml", ".bin"):
            clean.with_suffix(suffix).replace(path.with_suffix(suffix))


def disagreement(model: keras.Model, ir: Path) -> float:
    """The largest difference of Keras and OpenVINO on a random input."""
    shape = [side or FREE_SIDE for side in model.input_shape[1:]]
    batch = np.random.default_rng(0).uniform(-1, 1, (1, *shape)).astype(np.float32)
    compiled = openvino.Core().compile_model(str(ir), "CPU", CONFIGURATION)
    expected = model.predict_on_batch(batch)
    expected = expected if isinstance(expected, list) else [expected]
    pairs = zip(compiled(batch).to_tuple(), expected, strict=True)
    return max(float(np.abs(ours - theirs).max()) for ours, theirs in pairs)
