"""`classify CROP...`: what the classifier says of crops, each centred on what it shows."""

from argparse import Namespace
from pathlib import Path

import numpy as np

from lungcore.cli.output import say_json, table
from lungcore.errors import LungcoreError
from lungcore.formats import images
from lungcore.learning import runtime
from lungcore.learning.classify import assess
from lungcore.learning.tasks import Task
from lungcore.settings import Settings


def run(settings: Settings, arguments: Namespace) -> None:
    """Classify each crop and write a row a file, in their order."""
    for path in map(Path, arguments.crops):
        if not (path.is_file() and images.is_image(path)):
            raise LungcoreError("cli.crop_unknown", path=path, suffixes=", ".join(images.SUFFIXES))
    write = table(arguments)
    network = runtime.load(settings.models / "classifier", settings.engine)
    rows = [_row(path, network) for path in arguments.crops]
    write(_columns(network.task), [row.values() for row in rows])
    if arguments.json:
        say_json({"crops": rows, "models": {"classifier": network.card.name}})


def _columns(task: Task) -> list[str]:
    return ["file", task.label, "malignancy", *task.attributes, "rating", "diameter_mm"]


def _row(path: str, network: runtime.Network) -> dict[str, str | float]:
    volume = images.read(Path(path))
    middle = (np.array(volume.shape) - 1) / 2
    (found,) = assess(volume, [volume.to_mm(middle)], network)
    attributes = (found.attributes[name] for name in network.task.attributes)
    rating = found.attributes["malignancy"]
    values = [found.nodule, found.malignancy, *attributes, rating, found.diameter_mm]
    rounded = (round(value, 4) for value in values)
    return dict(zip(_columns(network.task), (path, *rounded), strict=True))
