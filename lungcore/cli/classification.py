"""`classify CROP...`: what the classifier says of crops, each centred on what it shows."""

import csv
import sys
from argparse import Namespace
from pathlib import Path
from typing import TextIO

import numpy as np

from lungcore.cli.output import say_json
from lungcore.errors import LungcoreError
from lungcore.findings.attributes import SCALES
from lungcore.formats import images
from lungcore.learning import runtime
from lungcore.learning.classify import Assessment, assess
from lungcore.settings import Settings

ATTRIBUTES = tuple(name for name in SCALES if name != "malignancy")
COLUMNS = ("file", "nodule", "malignancy", *ATTRIBUTES, "rating", "diameter_mm")


def run(settings: Settings, arguments: Namespace) -> None:
    """Classify each crop and write a row a file, in their order."""
    for path in map(Path, arguments.crops):
        if not (path.is_file() and images.is_image(path)):
            raise LungcoreError("cli.crop_unknown", path=path, suffixes=", ".join(images.SUFFIXES))
    if arguments.out:
        Path(arguments.out).open("a").close()  # told now and not after all is done
    network = runtime.load(settings.models / "classifier", settings.engine)
    rows = [_row(path, _classified(Path(path), network)) for path in arguments.crops]
    if arguments.out:
        with Path(arguments.out).open("w", newline="", encoding="utf-8") as file:
            _write_csv(rows, file)
    elif not arguments.json:
        _write_csv(rows, sys.stdout)
    if arguments.json:
        say_json({"crops": rows, "models": {"classifier": network.card.name}})


def _classified(path: Path, network: runtime.Network) -> Assessment:
    volume = images.read(path)
    middle = (np.array(volume.shape) - 1) / 2
    (found,) = assess(volume, [volume.to_mm(middle)], network)
    return found


def _row(path: str, found: Assessment) -> dict[str, str | float]:
    values = {
        "nodule": found.nodule,
        "malignancy": found.malignancy,
        **{name: found.attributes[name] for name in ATTRIBUTES},
        "rating": found.attributes["malignancy"],
        "diameter_mm": found.diameter_mm,
    }
    return {"file": path, **{name: round(value, 4) for name, value in values.items()}}


def _write_csv(rows: list[dict[str, str | float]], file: TextIO) -> None:
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
