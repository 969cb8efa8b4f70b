"""`train --preset NAME`: train a network into a folder of weights."""

import logging
from argparse import Namespace
from pathlib import Path

from lungcore.cli.output import UsageError, say, say_json
from lungcore.learning import train
from lungcore.settings import Settings

SEED_CNN = "seed_cnn"
PRESETS = (*train.STEPS, SEED_CNN)


def run(settings: Settings, arguments: Namespace) -> None:
    """Train the preset from the data that it asks for."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if arguments.preset == SEED_CNN:
        _need(arguments, "images", "labels")
        _train_seed_cnn(arguments)
        return
    _need(arguments, "data")
    known = {"detector": train.train_detector, "classifier": train.train_classifier}
    steps = arguments.steps or train.STEPS[arguments.preset]
    known[arguments.preset](Path(arguments.data), Path(arguments.out), steps, arguments.seed)


def _need(arguments: Namespace, *names: str) -> None:
    absent = [f"--{name}" for name in names if getattr(arguments, name) is None]
    if absent:
        raise UsageError("cli.train_needs", preset=arguments.preset, names=", ".join(absent))


def _train_seed_cnn(arguments: Namespace) -> None:
    from lungcore.learning import seed_cnn

    pairs = seed_cnn.read_pairs(Path(arguments.images), Path(arguments.labels))
    trained = seed_cnn.train(*pairs, arguments.epochs or seed_cnn.EPOCHS, arguments.seed)
    record = seed_cnn.write(trained, Path(arguments.out))
    if arguments.json:
        say_json(record)
    else:
        say(str(record["model"]))
