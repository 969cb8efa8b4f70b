"""Networks as they run: in OpenVINO, without Keras or TensorFlow, or in Keras on request."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino
import openvino.opset13 as opset
from numpy.typing import NDArray

from lungcore.learning import tasks
from lungcore.learning.tasks import Task
from lungcore.learning.weights import Card, read_card, verify

# Full precision, so that the figures of Keras hold here too.
CONFIGURATION = {"INFERENCE_PRECISION_HINT": "f32"}
MOST_KEPT = 2
OPENVINO, KERAS = "openvino", "keras"

Outputs = tuple[NDArray[np.float32], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network ready to run, its card and what it was trained for.

    outputs: all its outputs for a batch, float32.
    """

    card: Card
    task: Task
    outputs: Callable[[NDArray[np.float32]], Outputs]

    def __call__(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """The output for a batch, float32; the first one where there are several."""
        return self.outputs(batch)[0]


def load(folder: Path, engine: str = OPENVINO, members: Sequence[int] | None = None) -> Network:
    """The network in `folder`, after a check of its files against its card.

    engine: `OPENVINO`, or `KERAS`, which takes a GPU where TensorFlow sees one. members: of an
    ensemble in OpenVINO, those that are wanted; the others then cost nothing. Raises LungcoreError
    when a file is absent or its sha256 is another than the card's.
    """
    card, task = read_card(folder), tasks.read(folder / tasks.FILE)
    if engine == KERAS:
        verify(folder, card, ("model.keras",))
        return Network(card, task, _keras(folder / "model.keras"))
    verify(folder, card, ("model.xml", "model.bin"))
    core = openvino.Core()
    model = core.read_model(folder / "model.xml")
    model = model if members is None else _only(model, members)
    compiled = core.compile_model(model, "CPU", CONFIGURATION)
    return Network(card, task, lambda batch: tuple(compiled(batch).to_tuple()))


class Kept:
    """`load` for a process that runs the same networks again and again: each is read once.

    A folder whose card has changed is read anew. Of the `most` used last: those that were in
    use before a promotion go.
    """

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._networks: dict[tuple[Path, str], Network] = {}

    def __call__(self, folder: Path, engine: str = OPENVINO) -> Network:
        network = self._networks.get((folder, engine))
        if network is None or network.card != read_card(folder):
            network = load(folder, engine)
        self._networks.pop((folder, engine), None)
        self._networks[folder, engine] = network
        while len(self._networks) > self._most:
            del self._networks[next(iter(self._networks))]
        return network


def _keras(path: Path) -> Callable[[NDArray[np.float32]], Outputs]:
    from lungcore.learning import networks

    model = networks.load(path)

    def outputs(batch: NDArray[np.float32]) -> Outputs:
        found = model.predict_on_batch(batch)
        return tuple(found) if isinstance(found, list) else (found,)

    return outputs


def _only(ensemble: openvino.Model, members: Sequence[int]) -> openvino.Model:
    """The part of an ensemble that these members are; each output joins those of all members."""
    outputs = []
    for result in ensemble.get_results():
        last = result.input_value(0).get_node()
        turned = last.get_type_name() == "Transpose"  # OpenVINO joins with channels first
        joined = last.input_value(0).get_node() if turned else last
        chosen = [joined.input_value(number) for number in members]
        output = opset.concat(chosen, joined.get_attributes()["axis"])
        outputs.append(opset.transpose(output, last.input_value(1)) if turned else output)
    return openvino.Model(outputs, ensemble.get_parameters())
