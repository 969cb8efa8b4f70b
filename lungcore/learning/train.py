"""The presets that train from the data folder into a folder of weights and their card.

Keras is loaded when the training starts, not with this module. Called again with the same folder,
an interrupted training goes on where it was.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from lungcore.learning.weights import Card, mark, write_card

# With PyTorch on two free cores about 75 minutes for the detector, 17 for the classifier.
STEPS = {"detector": 4800, "classifier": 1200}
# Of the candidates, which are reported: from what probability, and how many of a series at most.
DETECTOR_SETTINGS = {"least_probability": 0.3, "most_reported": 20.0}
DETECTOR_LIMITS = (
    "Trained on nodules of 393 patients blended into five lungs, not on whole labelled scans. "
    "Masses above 33 mm are enlarged smaller nodules. No paediatric scans, no control of contrast "
    "phase. For research and quality work; not a certified medical device."
)
CLASSIFIER_LIMITS = (
    "Radiologists' opinion, not pathology. Trained on nodules of LIDC-IDRI patients, 3 to 38 mm, "
    "nineteen of twenty below 22 mm. Nodules above 32 mm are measured at a coarser scale that it "
    "was not trained at. No paediatric scans, no control of contrast phase. For research and "
    "quality work; not a certified medical device."
)


def train_detector(data: Path, out: Path, steps: int, seed: int) -> None:
    """Train the detector; LungcoreError when the data is not there."""
    from lungcore.learning import detector_training
    from lungcore.learning.data import nodule_series
    from lungcore.learning.export import export

    model = detector_training.train(data, out, steps, seed)
    card = Card(
        task="detector",
        version="0.2.0",
        created=_today(),
        trained_on="lidc_nodule_voi3d (LIDC-IDRI, LUNA16) nodules blended into the lungs of "
        "unlabelled/ and LCTSC, suspected lesions left out",
        split="by patient: folds 0-6 train; fold 7 in the lungs of LIDC-IDRI-0001 and -0023 tells "
        "when to stop; the LIDC-IDRI-0001, -0003 and -0023 patients' nodules were held out",
        limits=DETECTOR_LIMITS,
        seed=seed,
        settings=DETECTOR_SETTINGS,
        figures={},
        sha256=export(model, out),
        trained_series=_marks(nodule_series(data, detector_training.TRAINING_FOLDS)),
    )
    write_card(out, card)


def train_classifier(data: Path, out: Path, steps: int, seed: int) -> None:
    """Train and calibrate the classifier; LungcoreError when the data is not there."""
    from lungcore.learning import classifier_training, out_of_fold
    from lungcore.learning.export import export
    from lungcore.learning.rated import read_rated

    model = classifier_training.train(data, out, steps, seed)
    card = Card(
        task="classifier",
        version="0.3.0",
        created=_today(),
        trained_on="lidc_nodule_voi3d and lidc_nodule2d (LIDC-IDRI, LUNA16), every reader's "
        "ratings; blobs of unlabelled/ and LCTSC as places that are no nodule",
        split="by patient: of folds 0-7, each pair is left out by one of the four members; the "
        "LIDC-IDRI-0001, -0003 and -0023 patients were held out from all",
        limits=CLASSIFIER_LIMITS,
        seed=seed,
        settings=out_of_fold.unfitted(),
        figures={},
        sha256=export(model, out),
        trained_series=_marks(sorted({one.series_uid for one in read_rated(data)})),
    )
    write_card(out, card)
    judged = out_of_fold.judge(data, out)
    write_card(out, replace(card, settings=out_of_fold.fit(judged)))


def _marks(series: list[str]) -> tuple[str, ...]:
    return tuple(mark(uid) for uid in series)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
