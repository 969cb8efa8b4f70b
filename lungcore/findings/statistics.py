"""The coefficients that agreement is told in. Each checks with its paper's worked example.

A coefficient that the numbers cannot give (too few of them, no spread) is NaN.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

LEVEL = 0.95


class Estimate(NamedTuple):
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


NOTHING = Estimate(math.nan, math.nan, math.nan)


class BlandAltman(NamedTuple):
    """Differences (first less second): their mean, and the limits that hold 95 % of them."""

    n: int
    mean: Estimate
    lower: Estimate
    upper: Estimate


def proportion(part: int, total: int) -> Estimate:
    """A share of counted things, with Wilson's interval."""
    if total == 0:
        return NOTHING
    interval = stats.binomtest(part, total).proportion_ci(LEVEL, method="wilson")
    return Estimate(part / total, float(interval.low), float(interval.high))


def positive_agreement(both: int, first_only: int, second_only: int) -> Estimate:
    """Share of all marks that the other made too: 2a / (2a + b + c).

    Nobody counts where no nodule is, so there are no true negatives. As these grow without end,
    Cohen's kappa tends to this value (Carpentier et al., BMC Med Res Methodol 17:62, 2017). The
    interval is Wilson's of a / (a + b + c), on this scale.
    """
    shares = proportion(both, both + first_only + second_only)
    return Estimate(*(2 * share / (1 + share) for share in shares))


def kappa(
    first: Sequence[int], second: Sequence[int], scale: int, *, ordered: bool = True
) -> float:
    """Cohen's kappa of ratings from 1 to `scale`.

    ordered: weighted by the squared difference (Cohen, Psychol Bull 70:213-220, 1968), else not.
    """
    table = np.zeros((scale, scale))
    np.add.at(table, (np.asarray(first, int) - 1, np.asarray(second, int) - 1), 1)
    rows, columns = np.indices(table.shape)
    weights = (rows - columns) ** 2 if ordered else rows != columns
    total = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / max(total, 1)
    chance = float((weights * expected).sum())
    return 1 - float((weights * table).sum()) / chance if chance else math.nan


def icc(ratings: ArrayLike) -> Estimate:
    """ICC(2,1): one rating of one of the readers, who stand for readers at large.

    ratings: of shape (targets, readers). Shrout & Fleiss, Psychol Bull 86:420-428 (1979), the
    interval by their formula for case 2.
    """
    x = np.asarray(ratings, float)
    n, k = x.shape
    if n < 2 or k < 2:
        return NOTHING
    between, judges, error = _mean_squares(x)
    divisor = between + (k - 1) * error + k * (judges - error) / n
    if error <= 0 or divisor <= 0:
        # No reader ever differs but by a constant: F has no interval.
        value = (between - error) / divisor if divisor > 0 else math.nan
        return Estimate(value, math.nan, math.nan)
    rho = (between - error) / divisor
    f = judges / error
    reach = n * (1 + (k - 1) * rho) - k * rho
    freedom = (k - 1) * (n - 1) * (k * rho * f + reach) ** 2
    freedom /= (n - 1) * k**2 * rho**2 * f**2 + reach**2
    tail = (1 + LEVEL) / 2
    above, below = stats.f.ppf(tail, n - 1, freedom), stats.f.ppf(tail, freedom, n - 1)
    rest = k * judges + (k * n - k - n) * error
    with np.errstate(invalid="ignore"):  # 0 / 0, where ratings spread neither way
        low = n * (between - above * error) / (above * rest + n * between)
        high = n * (below * between - error) / (rest + n * below * between)
    return Estimate(rho, float(low), float(high))


def _mean_squares(x: NDArray[np.float64]) -> tuple[float, float, float]:
    """Of targets, of judges, and what is left."""
    n, k = x.shape
    targets = k * ((x.mean(axis=1) - x.mean()) ** 2).sum()
    judges = n * ((x.mean(axis=0) - x.mean()) ** 2).sum()
    residual = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
    error = (residual**2).sum() / ((n - 1) * (k - 1))
    return float(targets / (n - 1)), float(judges / (k - 1)), float(error)


def bland_altman(first: ArrayLike, second: ArrayLike) -> BlandAltman:
    """How much two readers' measurements differ.

    Bland & Altman, Stat Methods Med Res 8:135-160 (1999); intervals by t with the limits' standard
    error s * sqrt(1/n + z^2 / 2(n-1)).
    """
    d = np.asarray(first, float) - np.asarray(second, float)
    n = len(d)
    if n < 2:
        mean = float(d.mean()) if n else math.nan
        return BlandAltman(n, Estimate(mean, math.nan, math.nan), NOTHING, NOTHING)
    z, t = stats.norm.ppf((1 + LEVEL) / 2), stats.t.ppf((1 + LEVEL) / 2, n - 1)
    mean, s = float(d.mean()), float(d.std(ddof=1))
    of_mean = s / math.sqrt(n)
    of_limit = s * math.sqrt(1 / n + z**2 / (2 * (n - 1)))
    middle, lower, upper = (
        Estimate(value, float(value - t * error), float(value + t * error))
        for value, error in (
            (mean, of_mean),
            (float(mean - z * s), of_limit),
            (float(mean + z * s), of_limit),
        )
    )
    return BlandAltman(n, middle, lower, upper)
