"""The classifier on patients its members never saw: what calibrates it, and what it is worth.

The folds are left out in equal parts, so that every nodule has a member that never saw its patient:
the figures out of fold are of the very networks that ship.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from lungcore.learning import examples, runtime
from lungcore.learning.classify import INPUTS, Assessment, assess, rate
from lungcore.learning.crops import spread
from lungcore.learning.rated import Rated
from lungcore.learning.tasks import ABOVE_3, Task

VIEWS = 8  # one member looks eight times, where in use four members look once
RIDGE = 30.0  # on inputs of unit variance


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A nodule, and what the member that never saw its patient says of it."""

    rated: Rated
    said: Assessment

    @property
    def rating(self) -> float:
        """The mean of the readers' ratings, or their vote where the readers are not known."""
        return self.rated.vote if np.isnan(self.rated.mean) else self.rated.mean

    @property
    def share_above_3(self) -> float:
        """Of the readers."""
        return float(self.rated.targets[ABOVE_3])

    @property
    def dice(self) -> float:
        """Overlap of own and readers' mask, on the voxels of the crop."""
        if self.rated.mask is None:
            raise ValueError(f"{self.rated.name} has no mask")
        signed = np.where(self.said.mask, 1.0, -1.0)
        own = spread(signed, -1.0, self.said.measured, self.rated.volume) > 0
        both = np.count_nonzero(own & self.rated.mask)
        return 2 * both / (np.count_nonzero(own) + np.count_nonzero(self.rated.mask))


def judge(task: Task, data: Path, folder: Path) -> list[Judged]:
    """Every 3D nodule by the member in `folder` that never saw its fold."""
    nodules = [one for one in examples.rated(data, task) if one.kind == "voi3d"]
    judged: list[Judged] = []
    for member in range(task.members):
        unseen = [one for one in nodules if one.fold in task.left_out(member)]
        judged += map(Judged, unseen, look_at(unseen, folder, member))
    return judged


def look_at(places: Sequence[Rated], folder: Path, member: int) -> list[Assessment]:
    """What this member says of each place."""
    network = runtime.load(folder, members=[member])
    return [
        assess(one.volume, one.volume.to_mm(one.index), network, views=VIEWS)[0] for one in places
    ]


def fit(judged: Sequence[Judged]) -> dict[str, float]:
    """The settings of `classify.rate`: ridge regression of the rating on `INPUTS`, then logistic
    regression of the share of readers above 3 on it."""
    inputs = np.array([one.said.features for one in judged])
    ratings = np.array([one.rating for one in judged])
    shares = np.array([one.share_above_3 for one in judged])
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    normal = (inputs - mean) / deviation
    kernel = normal.T @ normal + RIDGE * np.eye(len(INPUTS))
    weights = np.linalg.solve(kernel, normal.T @ (ratings - ratings.mean())) / deviation
    intercept = float(ratings.mean() - mean @ weights)
    slope, shift = _logistic(inputs @ weights + intercept, shares)
    settings = {f"rating {name}": float(w) for name, w in zip(INPUTS, weights, strict=True)}
    return {
        **settings,
        "rating intercept": intercept,
        "above 3 slope": slope,
        "above 3 intercept": shift,
    }


def unfitted() -> dict[str, float]:
    """Settings that let the classifier run before it is calibrated."""
    names = [*(f"rating {name}" for name in INPUTS), "rating intercept"]
    return {**dict.fromkeys(names, 0.0), "above 3 slope": 0.0, "above 3 intercept": 0.0}


def _logistic(linear: NDArray, shares: NDArray) -> tuple[float, float]:
    """Slope and intercept that make the sigmoid of `linear` the likeliest `shares` (Platt)."""

    def loss(parameters: NDArray) -> float:
        logits = parameters[0] * (linear - 3) + parameters[1]
        return float((np.logaddexp(0, logits) - shares * logits).mean())

    slope, shift = minimize(loss, np.array([1.0, 0.0])).x
    return float(slope), float(shift - 3 * slope)


def cross_fitted(judged: Sequence[Judged]) -> NDArray[np.float64]:
    """The probability of each, by settings fitted to the nodules of all other folds."""
    folds = np.array([one.rated.fold for one in judged])
    scores = np.empty(len(judged))
    for fold in np.unique(folds):
        others = [one for one in judged if one.rated.fold != fold]
        settings = fit(others)
        here = folds == fold
        inputs = np.array([one.said.features for one in judged])[here]
        scores[here] = rate(inputs, settings)[1]
    return scores
