"""How well scores tell one kind from another, and how far they are probabilities."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata


def auc(scores: NDArray, high: NDArray) -> float:
    """Area under the ROC curve, ties counted half (Mann-Whitney)."""
    ranks = rankdata(scores)
    positives = int(high.sum())
    least = positives * (positives + 1) / 2
    return float((ranks[high].sum() - least) / (positives * (len(high) - positives)))


def calibration_error(scores: NDArray, shares: NDArray, bins: int = 10) -> float:
    """Expected calibration error over equal-width bins (Guo 2017)."""
    gaps = [count * abs(said - seen) for said, seen, count in reliability(scores, shares, bins)]
    return float(np.sum(gaps) / len(scores))


def delong(scores: NDArray, high: NDArray) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """AUCs of several scores of the same cases, and their covariance.

    scores: (models, cases). DeLong, DeLong and Clarke-Pearson, Biometrics 44:837-845 (1988), by
    midranks (Sun and Xu, IEEE Signal Process Lett 21:1389-1393, 2014).
    """
    scores = np.atleast_2d(scores)
    positives, negatives = scores[:, high], scores[:, ~high]
    count, rest = positives.shape[1], negatives.shape[1]
    ranks = rankdata(np.concatenate([positives, negatives], axis=1), axis=1)
    above = (ranks[:, :count] - rankdata(positives, axis=1)) / rest
    below = 1 - (ranks[:, count:] - rankdata(negatives, axis=1)) / count
    covariance = np.atleast_2d(np.cov(above)) / count + np.atleast_2d(np.cov(below)) / rest
    return above.mean(axis=1), covariance


def reliability(scores: NDArray, shares: NDArray, bins: int = 10) -> list[tuple[float, float, int]]:
    """For each equal-width bin that holds scores: mean score, mean share, how many."""
    numbers = np.minimum((scores * bins).astype(int), bins - 1)
    return [
        (float(scores[here].mean()), float(shares[here].mean()), int(here.sum()))
        for here in (numbers == i for i in np.unique(numbers))
    ]


def confusion(scores: NDArray, high: NDArray, threshold: float) -> dict[str, int]:
    """Counts of true and false positives and negatives of the scores from `threshold`."""
    called = scores >= threshold
    return {
        "true_positives": int((called & high).sum()),
        "false_positives": int((called & ~high).sum()),
        "true_negatives": int((~called & ~high).sum()),
        "false_negatives": int((~called & high).sum()),
    }
