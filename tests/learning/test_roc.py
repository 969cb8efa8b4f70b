import numpy as np
import pytest

from lungcore.learning.roc import auc, calibration_error


def test_auc_counts_pairs():
    rng = np.random.default_rng(0)
    scores, high = rng.integers(0, 9, 60), rng.random(60) < 0.4
    pairs = scores[high][:, None] - scores[~high][None]
    assert auc(scores, high) == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean())


def test_calibration_error_by_hand():
    scores = np.array([0.05, 0.05, 0.95, 0.95])
    assert calibration_error(scores, np.array([0, 0, 1, 1])) == pytest.approx(0.05)
    assert calibration_error(scores, np.array([1, 0, 1, 1])) == pytest.approx(0.25)
