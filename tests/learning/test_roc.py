import numpy as np
import pytest

from lungcore.learning.roc import auc, calibration_error, confusion, delong, reliability


def test_auc_counts_pairs():
    rng = np.random.default_rng(0)
    scores, high = rng.integers(0, 9, 60), rng.random(60) < 0.4
    pairs = scores[high][:, None] - scores[~high][None]
    assert auc(scores, high) == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def test_calibration_error_by_hand():
    scores = np.array([0.05, 0.05, 0.95, 0.95])
    assert calibration_error(scores, np.array([0, 0, 1, 1])) == pytest.approx(0.05)
    assert calibration_error(scores, np.array([1, 0, 1, 1])) == pytest.approx(0.25)


def test_delong_is_what_its_definition_says():
    rng = np.random.default_rng(1)
    high = rng.random(70) < 0.4
    scores = rng.integers(0, 12, (2, 70)) + 4 * high
    aucs, covariance = delong(scores, high)
    placed = [
        np.array([[(a > b) + 0.5 * (a == b) for b in one[~high]] for a in one[high]])
        for one in scores
    ]
    np.testing.assert_allclose(aucs, [table.mean() for table in placed])
    above = np.cov([table.mean(axis=1) for table in placed]) / high.sum()
    below = np.cov([table.mean(axis=0) for table in placed]) / (~high).sum()
    np.testing.assert_allclose(covariance, above + below)


def test_delong_of_one_score():
    high = np.array([True, True, False, False])
    aucs, covariance = delong(np.array([4.0, 3.0, 2.0, 1.0]), high)
    assert aucs.tolist() == [1.0]
    assert covariance.tolist() == [[0.0]]


def test_reliability_by_hand():
    scores, shares = np.array([0.05, 0.15, 0.17, 1.0]), np.array([0, 1, 0, 1])
    found = reliability(scores, shares)
    assert [count for _, _, count in found] == [1, 2, 1]
    assert found[1][:2] == (pytest.approx(0.16), pytest.approx(0.5))


def test_confusion_counts_every_case():
    high = np.array([True, True, False, False, False])
    found = confusion(np.array([0.9, 0.2, 0.5, 0.1, 0.3]), high, 0.5)
    assert list(found.values()) == [1, 1, 2, 1]
