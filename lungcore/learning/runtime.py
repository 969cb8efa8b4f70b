"""Networks as they run on the processor: OpenVINO IR, without Keras or TensorFlow."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino
from numpy.typing import NDArray

from lungcore.learning.weights import Card, read_card, verify

# Full precision, so that the figures of Keras hold here too.
CONFIGURATION = {"INFERENCE_PRECISION_HINT": "f32"}


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network ready to run, and its card."""

    card: Card
    compiled: openvino.CompiledModel

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output for a batch, float32."""
        return self.compiled(batch)[0]


def load(folder: Path) -> Network:
    """The network in `folder`, after a check of its files against its card.

    Raises LungcoreError when a file is absent or its sha256 is another than the card's.
    """
    card = read_card(folder)
    verify(folder, card, ("model.xml", "model.bin"))
    compiled = openvino.Core().compile_model(str(folder / "model.xml"), "CPU", CONFIGURATION)
    return Network(card, compiled)
