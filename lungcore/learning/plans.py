"""What a training is asked to do: a plan in a file, the same for command line, page and worker.

Loads nothing heavy. A training's folder holds:

    plan.json     this file's `Plan`
    curve.jsonl   a line a step and a line a validation, as `curves` writes them
    examples.png  patches that are not learnt from, and what the network now says of them
    state/        the last checkpoint; of the classifier in a folder a member
    stop          put there by who wants the training to end after its present step
    cost.json     what `train.cost` measured
    error.json    why it failed: a catalogue key and values
    weights/      what came of it
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from lungcore.errors import LungcoreError
from lungcore.learning import tasks
from lungcore.learning.tasks import Task

DETECTOR, CLASSIFIER, SEED_CNN = "detector", "classifier", "seed_cnn"
PRESETS = (DETECTOR, CLASSIFIER, SEED_CNN)
OPTIMIZERS = ("adamw", "adam", "sgd")
LOSSES = ("focal", "cross_entropy")
AUGMENTATIONS = ("full", "flips", "none")
FILE = "plan.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How is learnt.

    epochs, epoch_steps: an epoch is so many steps, after which is validated; 0 stands for once
    through all that there is. patience: epochs without a better validation, after which it ends.
    warm_up: share of the training in which the learning rate rises, before half a cosine takes it
    down to `floor` of itself; without one it stays. clip_norm: of a gradient; 0 leaves it. thaw:
    which layers with weights learn, counted from the input; without it, all do.
    """

    optimizer: str = "adamw"
    learning_rate: float = 2e-3
    weight_decay: float = 1e-3
    warm_up: float | None = 0.02
    floor: float = 0.01
    clip_norm: float = 5.0
    loss: str = "focal"
    augmentation: str = "full"
    epochs: float = 20.0
    epoch_steps: int = 250
    patience: int = 8
    seed: int = 7
    thaw: tuple[int, ...] | None = None
    save_every_s: float = 60.0

    def __post_init__(self) -> None:
        checks = {
            "optimizer": self.optimizer in OPTIMIZERS,
            "loss": self.loss in LOSSES,
            "augmentation": self.augmentation in AUGMENTATIONS,
            "learning_rate": 0 < self.learning_rate <= 1,
            "weight_decay": 0 <= self.weight_decay < 1,
            "epochs": 0 < self.epochs <= 10_000,
            "epoch_steps": 0 <= self.epoch_steps <= 100_000,
            "patience": self.patience > 0,
            "thaw": self.thaw is None or len(self.thaw) > 0,
        }
        for name, is_usable in checks.items():
            if not is_usable:
                raise LungcoreError("learning.recipe_value", name=name, value=getattr(self, name))

    @property
    def steps(self) -> int:
        """Of the whole training, where an epoch has a number of steps."""
        return max(1, round(self.epochs * self.epoch_steps))

    def taking(self, steps: int) -> "Recipe":
        """The recipe with so many steps in all."""
        return replace(self, epochs=steps / self.epoch_steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is trained, and from what.

    data: folder that the task's data lies in; of seed_cnn, `images` and `labels` are .npy files.
    parent: folder of the weights to begin with. The rest is for the card: version, the name of the
    parent, the dataset version, and the version of the code.
    """

    preset: str
    task: Task = tasks.LUNGS
    recipe: Recipe = field(default_factory=Recipe)
    data: str = ""
    images: str = ""
    labels: str = ""
    parent: str = ""
    version: str = ""
    parent_name: str = ""
    dataset: str = ""
    code: str = ""

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise LungcoreError("learning.recipe_value", name="preset", value=self.preset)


def defaults(preset: str, task: Task = tasks.LUNGS) -> Recipe:
    """The recipe that the preset's shipped weights were made by."""
    if preset == DETECTOR:
        return Recipe().taking(task.detector.steps)
    if preset == CLASSIFIER:
        recipe = Recipe(
            learning_rate=3e-3,
            weight_decay=2e-2,
            warm_up=0.05,
            floor=0.0,
            loss="cross_entropy",
            epoch_steps=200,
            patience=3,
        )
        return recipe.taking(task.classifier.steps)
    return Recipe(
        optimizer="adam",
        learning_rate=1e-3,
        weight_decay=0.0,
        warm_up=None,
        clip_norm=0.0,
        loss="cross_entropy",
        augmentation="none",
        epochs=10,
        epoch_steps=0,
        patience=1000,
    )


def as_json(plan: Plan) -> dict[str, Any]:
    """The plan as JSON holds it."""
    return asdict(plan)


def of_json(content: Mapping[str, Any]) -> Plan:
    """The plan of what `as_json` gave; LungcoreError naming what is not usable."""
    try:
        task, recipe = tasks.of_json(content["task"]), dict(content["recipe"])
        thaw = recipe.get("thaw")
        recipe["thaw"] = None if thaw is None else tuple(int(number) for number in thaw)
        known = {one.name for one in fields(Plan)} - {"task", "recipe"}
        rest = {name: value for name, value in content.items() if name in known}
        return Plan(task=task, recipe=Recipe(**recipe), **rest)
    except (ValueError, TypeError, LookupError) as error:
        raise LungcoreError("learning.plan_unreadable", problem=error) from error


def write(folder: Path, plan: Plan) -> None:
    """Write the plan into the folder of its training."""
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(as_json(plan), indent=2, ensure_ascii=False) + "\n"
    beside = folder / f"{FILE}.tmp"
    beside.write_text(text, encoding="utf-8")
    beside.replace(folder / FILE)


def read(folder: Path) -> Plan:
    """The plan in a training's folder; LungcoreError when there is none."""
    try:
        return of_json(json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise LungcoreError("learning.plan_unreadable", problem=error) from error


def is_wanted(folder: Path) -> bool:
    """Whether nobody asked the training in `folder` to stop."""
    return not (folder / "stop").exists()
