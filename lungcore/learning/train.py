"""The train command: a preset, trained from the data folder into a folder of weights.

Keras is loaded when the training starts, not with this module.
"""

import argparse
import logging
from datetime import UTC, datetime
from pathlib import Path

from lungcore.language import DEFAULT_LANGUAGE, text
from lungcore.learning.weights import Card, mark, write_card

DETECTOR_STEPS = 4800  # about 75 minutes with PyTorch on two free cores
PRESETS = ("detector", "malignancy")
# Of the candidates, which are reported: from what probability, and how many of a series at most.
DETECTOR_SETTINGS = {"least_probability": 0.3, "most_reported": 20.0}
DETECTOR_LIMITS = (
    "Trained on nodules of 393 patients blended into five lungs, not on whole labelled scans. "
    "Masses above 33 mm are enlarged smaller nodules. No paediatric scans, no control of contrast "
    "phase. For research and quality work; not a certified medical device."
)
MALIGNANCY_LIMITS = (
    "Radiologists' opinion, not pathology. Sees one axial slice. Trained on nodules of 507 "
    "patients, 3 to 38 mm, nineteen of twenty below 22 mm. Calibrated and measured with the "
    "readers' diameters; when it runs, the detector's take their place. No paediatric scans, no "
    "control of contrast phase. For research and quality work; not a certified medical device."
)


def configure(parser: argparse.ArgumentParser, language: str = DEFAULT_LANGUAGE) -> None:
    """Add the arguments of `train` to its parser."""

    told = {"steps": DETECTOR_STEPS}

    def add(name: str, key: str, **options: object) -> None:
        parser.add_argument(name, help=text(f"learning.train_{key}", language, **told), **options)  # type: ignore[arg-type]

    add("--preset", "preset", choices=PRESETS, required=True)
    add("--data", "data", type=Path, required=True, metavar="DIR")
    add("--out", "out", type=Path, required=True, metavar="DIR")
    add("--steps", "steps", type=int, default=DETECTOR_STEPS, metavar="N")
    add("--seed", "seed", type=int, default=7, metavar="N")


def run(arguments: argparse.Namespace) -> None:
    """Train as the arguments say and write weights and card into `arguments.out`.

    Called again with the same `out`, an interrupted detector training goes on where it was.
    Raises LungcoreError when the data is not where the arguments say.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    if arguments.preset == "detector":
        _train_detector(arguments)
    else:
        _train_malignancy(arguments)


def _train_detector(arguments: argparse.Namespace) -> None:
    from lungcore.learning import detector_training
    from lungcore.learning.data import nodule_series
    from lungcore.learning.export import export

    model = detector_training.train(arguments.data, arguments.out, arguments.steps, arguments.seed)
    card = Card(
        task="detector",
        version="0.2.0",
        created=_today(),
        trained_on="lidc_nodule_voi3d (LIDC-IDRI, LUNA16) nodules blended into the lungs of "
        "unlabelled/ and LCTSC, suspected lesions left out",
        split="by patient: folds 0-6 train; fold 7 in the lungs of LIDC-IDRI-0001 and -0023 tells "
        "when to stop; the LIDC-IDRI-0001, -0003 and -0023 patients' nodules were held out",
        limits=DETECTOR_LIMITS,
        seed=arguments.seed,
        settings=DETECTOR_SETTINGS,
        figures={},
        sha256=export(model, arguments.out),
        trained_series=_marks(nodule_series(arguments.data, detector_training.TRAINING_FOLDS)),
    )
    write_card(arguments.out, card)


def _train_malignancy(arguments: argparse.Namespace) -> None:
    from lungcore.learning import malignancy_training
    from lungcore.learning.export import export

    model, settings, figures = malignancy_training.train(arguments.data, arguments.seed)
    card = Card(
        task="malignancy",
        version="0.1.0",
        created=_today(),
        trained_on="lidc_nodule2d (LIDC-IDRI), mean of the readers' ratings",
        split="by patient: folds 0-5 train, 6 calibrates, 7 tests; the LIDC-IDRI-0001, -0003 and "
        "-0023 patients were held out",
        limits=MALIGNANCY_LIMITS,
        seed=arguments.seed,
        settings=settings,
        figures=figures,
        sha256=export(model, arguments.out),
    )
    write_card(arguments.out, card)


def _marks(series: list[str]) -> tuple[str, ...]:
    return tuple(mark(uid) for uid in series)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
