"""The weights that ship: what their cards say, and that the files are what the cards say.

A model is a folder with `model.keras` (Keras 3), `model.xml` and `model.bin` (OpenVINO IR),
`task.json` (by which it runs) and `card.json`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lungcore.errors import LungcoreError
from lungcore.learning import tasks

MODELS = ("detector", "classifier")
FILES = ("model.keras", "model.xml", "model.bin")
BROUGHT = (".keras", ".onnx", ".xml")  # what others may bring


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is known of one model.

    task: one of `plans.PRESETS`. version: of the weights. created: ISO date.
    trained_on, split, limits: in plain words. seed: of the training. settings: what the model
    needs when it runs. figures: name to measured value, set and 95 % interval. sha256: of each
    file of `FILES`. trained_series: `mark` of each series learnt from. dataset: the id of the
    dataset version that it was. parent: name of the model it began with. code: version of the code.
    recipe: how it was trained (`plans.Recipe`). inputs: what its training data looks like
    (`inputs.of_training`).
    """

    task: str
    version: str
    created: str
    trained_on: str
    split: str
    limits: str
    seed: int
    settings: Mapping[str, float]
    figures: Mapping[str, Mapping[str, object]]
    sha256: Mapping[str, str]
    trained_series: tuple[str, ...] = ()
    dataset: str = ""
    parent: str = ""
    code: str = ""
    recipe: Mapping[str, object] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Version and the first 12 digits of the IR weights' sha256, which say which file ran."""
        return f"{self.version}+{self.sha256['model.bin'][:12]}"


def folders(models: Path) -> dict[str, Path]:
    """Where the folder `models` holds each of `MODELS`."""
    return {name: models / name for name in MODELS}


def read_card(folder: Path) -> Card:
    """The card in `folder`; LungcoreError when it is absent or not a card."""
    path = folder / "card.json"
    if not path.is_file():
        raise LungcoreError("learning.weights_absent", path=path)
    try:
        return Card(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise LungcoreError("learning.card_unreadable", path=path, problem=error) from error


def write_card(folder: Path, card: Card) -> None:
    """Write `card` into `folder`."""
    text = json.dumps(asdict(card), indent=2, ensure_ascii=False) + "\n"
    (folder / "card.json").write_text(text, encoding="utf-8")


def verify(folder: Path, card: Card, names: tuple[str, ...] = FILES) -> None:
    """Compare the files `names` with the card; LungcoreError naming the one that differs."""
    for name in names:
        path = folder / name
        if not path.is_file():
            raise LungcoreError("learning.weights_absent", path=path)
        if digest(path) != card.sha256.get(name):
            raise LungcoreError("learning.weights_damaged", path=path, version=card.version)


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def mark(uid: str) -> str:
    """What a card names a series by: 16 digits of the sha256 of its SeriesInstanceUID."""
    return hashlib.sha256(uid.encode()).hexdigest()[:16]


def check(models: Path) -> list[tuple[str, str, LungcoreError | None]]:
    """For each model: name, version (empty without a card) and what is wrong with its files."""
    found: list[tuple[str, str, LungcoreError | None]] = []
    for name in MODELS:
        version = ""
        try:
            card = read_card(models / name)
            version = card.version
            verify(models / name, card)
            tasks.read(models / name / tasks.FILE)
        except LungcoreError as problem:
            found.append((name, version, problem))
        else:
            found.append((name, version, None))
    return found
