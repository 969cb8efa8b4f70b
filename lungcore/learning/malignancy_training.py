"""Training and calibration of the malignancy network on the readers' ratings."""

import logging
import time
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from lungcore.learning import networks
from lungcore.learning.malignancy import calibrate, eight_views
from lungcore.learning.ratings import RatedNodule, plain_crop, read_rated_nodules, varied_crop
from lungcore.learning.roc import auc, calibration_error

TRAINING_FOLDS, CALIBRATION_FOLD, TEST_FOLD = range(6), 6, 7
EPOCHS = 30
BATCH = 64
LEARNING_RATE = 3e-3
ENOUGH_READERS = 3  # for a rating of full weight, and for a figure

log = logging.getLogger(__name__)


def train(data: Path, seed: int) -> tuple[keras.Model, dict[str, float], dict[str, dict]]:
    """The network, its calibration, and figures on the fold that neither has seen."""
    keras.utils.set_random_seed(seed)
    nodules = read_rated_nodules(data)
    model = networks.malignancy()
    _fit(model, [nodule for nodule in nodules if nodule.fold in TRAINING_FOLDS], seed)
    settings = fit_calibration(model, _well_rated(nodules, CALIBRATION_FOLD))
    return model, settings, measure(model, settings, _well_rated(nodules, TEST_FOLD))


def _well_rated(nodules: Sequence[RatedNodule], fold: int) -> list[RatedNodule]:
    return [n for n in nodules if n.fold == fold and len(n.ratings) >= ENOUGH_READERS]


def _fit(model: keras.Model, nodules: Sequence[RatedNodule], seed: int) -> None:
    """Soft labels, (mean rating - 1) / 4; one learning-rate cycle."""
    rng = np.random.default_rng(seed)
    labels = np.array([[(nodule.mean_rating - 1) / 4] for nodule in nodules])
    weights = np.array([min(1.0, len(nodule.ratings) / ENOUGH_READERS) for nodule in nodules])
    steps = len(nodules) // BATCH * EPOCHS
    cycle = keras.optimizers.schedules.CosineDecay(
        LEARNING_RATE / 30, steps * 9 // 10, warmup_target=LEARNING_RATE, warmup_steps=steps // 10
    )
    optimizer = keras.optimizers.AdamW(cycle, weight_decay=1e-2)
    model.compile(optimizer, loss=keras.losses.BinaryCrossentropy(from_logits=True))
    began = time.monotonic()
    for epoch in range(EPOCHS):
        order = rng.permutation(len(nodules))[: len(nodules) // BATCH * BATCH]
        losses = []
        for chosen in order.reshape(-1, BATCH):
            crops = np.stack([varied_crop(nodules[i], rng) for i in chosen])[..., None]
            loss = model.train_on_batch(crops, labels[chosen], sample_weight=weights[chosen])
            losses.append(float(loss))
        spent = time.monotonic() - began
        log.info("epoch %d, %.0f s, loss %.4f", epoch + 1, spent, np.mean(losses))


def logits(model: keras.Model, nodules: Sequence[RatedNodule]) -> NDArray[np.float64]:
    """The network's scores, averaged over the eight views as when it runs."""
    crops = np.stack([plain_crop(nodule) for nodule in nodules])[..., None]
    views = [
        model.predict(np.ascontiguousarray(view), batch_size=BATCH, verbose=0)
        for view in eight_views(crops)
    ]
    return np.mean(views, axis=0)[:, 0]


def fit_calibration(model: keras.Model, nodules: Sequence[RatedNodule]) -> dict[str, float]:
    """Logistic regression of the share of readers above 3 on logit and log diameter."""
    scores, diameters_mm = logits(model, nodules), _diameters(nodules)
    shares = np.array([nodule.share_above_3 for nodule in nodules])

    def loss(parameters: NDArray[np.float64]) -> float:
        settings = _settings(parameters)
        p = np.clip(calibrate(scores, diameters_mm, settings), 1e-6, 1 - 1e-6)
        cross_entropy = -(shares * np.log(p) + (1 - shares) * np.log(1 - p)).mean()
        return float(cross_entropy + 1e-3 * (parameters[:2] ** 2).sum())

    return _settings(minimize(loss, np.array([1.0, 0.0, 0.0])).x)


def _settings(parameters: NDArray[np.float64]) -> dict[str, float]:
    slope, log_diameter, intercept = (float(value) for value in parameters)
    return {"slope": slope, "log_diameter": log_diameter, "intercept": intercept}


def _diameters(nodules: Sequence[RatedNodule]) -> NDArray[np.float64]:
    return np.array([nodule.diameter_mm for nodule in nodules])


def measure(
    model: keras.Model, settings: dict[str, float], nodules: Sequence[RatedNodule]
) -> dict[str, dict]:
    """AUC of the model, of diameter alone and their difference, with intervals, and the ECE."""
    diameters_mm = _diameters(nodules)
    scores = calibrate(logits(model, nodules), diameters_mm, settings)
    means = np.array([nodule.mean_rating for nodule in nodules])
    clear = (means >= 3.5) | (means <= 2.5)
    high = means[clear] >= 3.5
    patients = np.array([nodule.patient_id for nodule in nodules])[clear]
    drawn = patient_bootstrap(scores[clear], diameters_mm[clear], high, patients)
    own, size = auc(scores[clear], high), auc(diameters_mm[clear], high)
    about = f"fold {TEST_FOLD}, reader mean >= 3.5 against <= 2.5, {len(high)} nodules"
    values = {"auc": own, "auc_diameter_alone": size, "auc_gain": own - size}
    figures = {
        name: {
            "value": value,
            "interval": np.percentile(samples, [2.5, 97.5]).tolist(),
            "set": about,
        }
        for (name, value), samples in zip(values.items(), drawn.T, strict=True)
    }
    shares = np.array([nodule.share_above_3 for nodule in nodules])
    ece = calibration_error(scores, shares)
    about = f"fold {TEST_FOLD}, all {len(nodules)} nodules of at least {ENOUGH_READERS} readers"
    return {**figures, "ece": {"value": ece, "set": about}}


def patient_bootstrap(
    scores: NDArray, diameters_mm: NDArray, high: NDArray, patients: NDArray, rounds: int = 1000
) -> NDArray[np.float64]:
    """AUC, AUC of diameter and their difference for patients drawn anew; shape (rounds, 3)."""
    rng = np.random.default_rng(0)
    names = np.unique(patients)
    rows = [np.flatnonzero(patients == name) for name in names]
    drawn: list[tuple[float, float, float]] = []
    while len(drawn) < rounds:
        chosen = np.concatenate([rows[i] for i in rng.integers(len(names), size=len(names))])
        if 0 < high[chosen].sum() < len(chosen):
            own = auc(scores[chosen], high[chosen])
            size = auc(diameters_mm[chosen], high[chosen])
            drawn.append((own, size, own - size))
    return np.array(drawn)
