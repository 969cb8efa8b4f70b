"""A trained network as the files that ship: Keras, OpenVINO IR and the card's checksums."""

from pathlib import Path

import keras

from lungcore.learning.weights import FILES, digest


def export(model: keras.Model, folder: Path) -> dict[str, str]:
    """Write `model.keras`, `model.xml` and `model.bin` into `folder`; returns each one's sha256.

    The training's optimizer and loss are left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    bare = keras.Model.from_config(model.get_config())
    bare.set_weights(model.get_weights())
    bare.save(folder / "model.keras")
    bare.export(str(folder / "model.xml"), format="openvino", verbose=False)
    return {name: digest(folder / name) for name in FILES}
