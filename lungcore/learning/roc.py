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
    numbers = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [
        np.count_nonzero(numbers == i) * abs((scores - shares)[numbers == i].mean())
        for i in np.unique(numbers)
    ]
    return float(np.sum(gaps) / len(scores))
