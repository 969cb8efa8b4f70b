"""Coefficients of agreement, against their papers' examples and other programs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from lungcore.findings.statistics import bland_altman, icc, kappa, positive_agreement

# Shrout & Fleiss (1979), table 2: six targets, four judges.
SHROUT_FLEISS = [
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
]
# Bland & Altman, Lancet i:307-310 (1986): peak expiratory flow by two meters, first measurements.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


@st.composite
def two_raters(draw):
    pairs = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 5)), min_size=2, max_size=40)
    return zip(*draw(pairs), strict=True)


@pytest.mark.parametrize(("ordered", "weights"), [(True, "quadratic"), (False, None)])
@given(raters=two_raters())
def test_kappa_is_scikit_learns(ordered, weights, raters):
    first, second = raters
    found = kappa(first, second, 5, ordered=ordered)
    if len(set(first) | set(second)) == 1:
        assert math.isnan(found)
        return
    theirs = cohen_kappa_score(first, second, labels=range(1, 6), weights=weights)
    assert found == pytest.approx(theirs, abs=1e-12)


def test_kappa_of_fleisss_example():
    # Statistical Methods for Rates and Proportions, table 13.1: two raters, 100 subjects.
    table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    pairs = [(i + 1, j + 1) for i in range(3) for j in range(3) for _ in range(table[i][j])]
    first, second = zip(*pairs, strict=True)
    assert kappa(first, second, 3, ordered=False) == pytest.approx(0.68, abs=0.005)


def test_icc_of_shrout_and_fleiss():
    found = icc(SHROUT_FLEISS)
    assert found.value == pytest.approx(0.2898, abs=5e-5)
    # As psych::ICC of R prints for the same table.
    assert (found.low, found.high) == pytest.approx((0.019, 0.761), abs=5e-4)


def test_icc_from_variance_components():
    rng = np.random.default_rng(5)
    ratings = rng.normal(0, 2, (400, 1)) + rng.normal(0, 0.7, (1, 3)) + rng.normal(0, 1, (400, 3))
    n, k = ratings.shape
    # The components by the expected mean squares of a two-way model, from sums over the table.
    total = ratings.mean()
    targets = k * ratings.mean(axis=1).var(ddof=1)
    judges = n * ratings.mean(axis=0).var(ddof=1)
    both = ((ratings - total) ** 2).sum() - (n - 1) * targets - (k - 1) * judges
    error = both / ((n - 1) * (k - 1))
    between, of_judges = (targets - error) / k, (judges - error) / n
    found = icc(ratings)
    assert found.value == pytest.approx(between / (between + of_judges + error))
    assert found.low < found.value < found.high


def test_icc_of_readers_who_agree_wholly_is_one():
    assert icc([[1, 1], [2, 2], [5, 5]]).value == 1


@pytest.mark.parametrize("ratings", [[[1, 2]], [[3, 3], [3, 3]]])
def test_icc_that_the_numbers_cannot_give(ratings):
    assert math.isnan(icc(ratings).value)


def test_bland_altmans_own_example():
    found = bland_altman(WRIGHT, MINI)
    assert found.n == 17
    assert found.mean.value == pytest.approx(-2.1, abs=0.05)
    assert (found.mean.low, found.mean.high) == pytest.approx((-22.0, 17.8), abs=0.1)
    # The paper takes 2 for 1.96 and sqrt(3/n) for the limits' standard error.
    assert found.lower.value == pytest.approx(-79.7, abs=2)
    assert found.upper.value == pytest.approx(75.5, abs=2)
    assert (found.lower.low, found.lower.high) == pytest.approx((-114.3, -45.1), abs=2.5)
    assert (found.upper.low, found.upper.high) == pytest.approx((40.9, 110.1), abs=2.5)


def test_limits_hold_95_of_100_differences():
    rng = np.random.default_rng(1)
    differences = rng.normal(0.5, 2, 20_000)
    found = bland_altman(differences, np.zeros(20_000))
    within = (differences > found.lower.value) & (differences < found.upper.value)
    assert within.mean() == pytest.approx(0.95, abs=0.005)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_differences_have_no_limits(n):
    found = bland_altman([3.0] * n, [1.0] * n)
    assert found.n == n
    assert math.isnan(found.lower.value)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))
def test_positive_agreement_is_the_f1_score(both, first_only, second_only):
    found = positive_agreement(both, first_only, second_only)
    first = [1] * both + [1] * first_only + [0] * second_only
    second = [1] * both + [0] * first_only + [1] * second_only
    if not first:
        assert math.isnan(found.value)
        return
    assert found.value == pytest.approx(f1_score(first, second, zero_division=0))
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_kappa_tends_to_positive_agreement_as_true_negatives_grow():
    first = [2] * 30 + [2] * 5 + [1] * 9 + [1] * 1_000_000
    second = [2] * 30 + [1] * 5 + [2] * 9 + [1] * 1_000_000
    assert kappa(first, second, 2, ordered=False) == pytest.approx(
        positive_agreement(30, 5, 9).value, abs=1e-4
    )
