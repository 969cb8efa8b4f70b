"""Comparisons against figures computed otherwise: by hand and by scikit-learn."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lungcore.findings.finding import Candidate
from lungcore.learning import compare
from lungcore.learning.compare import CANDIDATE, IN_USE, MARGIN, Nodule, Scan
from lungcore.learning.froc import Sphere


def scan(number, found, *, size_mm=10.0, false=(), **told):
    """A scan with one nodule at 0; `found` and `false`: probabilities by side."""
    candidates = {
        side: [
            *([Candidate((0.0, 0.0, 0.0), 10.0, found[side], 0.5)] if found.get(side) else []),
            *(Candidate((100.0 * (i + 1), 0.0, 0.0), 8.0, p, 0.5) for i, p in enumerate(false)),
        ]
        for side in (IN_USE, CANDIDATE)
    }
    nodule = Nodule(sphere=Sphere((0.0, 0.0, 0.0), size_mm), **told)
    return Scan(
        series_uid=f"1.{number}",
        slice_mm=1.0 + number % 3,
        kernel="B50f" if number % 2 else "",
        nodules=[nodule],
        candidates=candidates,
    )


@pytest.fixture
def scans():
    """The candidate finds every nodule, the model in use every other; both are wrong alike."""
    return [
        scan(n, {IN_USE: 0.9 if n % 2 else 0.0, CANDIDATE: 0.9}, false=(0.3,), size_mm=5 + n)
        for n in range(20)
    ]


def test_gains_and_differences_are_those_counted_by_hand(scans):
    found = compare.compare(scans, rounds=200)
    assert found["sides"][IN_USE]["operating"][0] == 0.5
    assert found["sides"][CANDIDATE]["operating"][0] == 1.0
    value, low, high = found["difference"]["operating"]
    assert value == 0.5
    # The bootstrap over scans of a share of 10 in 20: 0.5 with a standard error of 0.11.
    assert (low, high) == pytest.approx((0.5 - 1.96 * 0.112, 0.5 + 1.96 * 0.112), abs=0.06)
    assert len(found["gained"]) == 10
    assert found["lost"] == []
    assert {one["series_uid"] for one in found["gained"]} == {f"1.{n}" for n in range(0, 20, 2)}
    assert compare.failed_checks(found, {"ok": True}) == []


def test_a_model_beside_itself_differs_in_nothing(scans):
    same = [
        Scan(
            series_uid=one.series_uid,
            slice_mm=one.slice_mm,
            kernel=one.kernel,
            nodules=one.nodules,
            candidates=dict.fromkeys((IN_USE, CANDIDATE), one.candidates[IN_USE]),
        )
        for one in scans
    ]
    found = compare.compare(same, rounds=100)
    assert found["difference"] == {"cpm": [0, 0, 0], "operating": [0, 0, 0]}
    assert found["delong"]["nodule"]["p"] == 1
    assert found["gained"] == found["lost"] == []
    assert compare.failed_checks(found, {"ok": True}) == []


def test_a_worse_one_does_not_pass_and_a_probe_is_asked_for(scans):
    turned = [
        Scan(
            series_uid=one.series_uid,
            slice_mm=one.slice_mm,
            kernel=one.kernel,
            nodules=one.nodules,
            candidates={
                IN_USE: one.candidates[CANDIDATE],
                CANDIDATE: one.candidates[IN_USE],
            },
        )
        for one in scans
    ]
    found = compare.compare(turned, rounds=100)
    assert found["difference"]["operating"][1] < -MARGIN
    assert "not_worse" in compare.failed_checks(found, {"ok": True})
    assert "probe" in compare.failed_checks(found, None)
    assert "probe" in compare.failed_checks(found, {"ok": False})
    assert compare.failed_checks(None, {"ok": True}) == ["compared", "not_worse", "calibrated"]


def test_areas_under_the_curves_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    many = [
        scan(
            n,
            {IN_USE: rng.uniform(0.2, 1), CANDIDATE: rng.uniform(0.3, 1)},
            false=rng.uniform(0, 0.8, 3),
            malignancy=1 + 4 * (n % 2),
            scores={IN_USE: rng.random(), CANDIDATE: rng.random() / 2 + 0.4 * (n % 2)},
        )
        for n in range(30)
    ]
    found = compare.compare(many, rounds=50)
    high = [n % 2 == 1 for n in range(30)]
    for side in (IN_USE, CANDIDATE):
        scores = [one.nodules[0].scores[side] for one in many]
        told = found["sides"][side]["auc_malignancy"][0]
        assert told == pytest.approx(roc_auc_score(high, scores), abs=1e-4)
        points = np.array(found["sides"][side]["roc_malignancy"])
        assert np.trapezoid(points[:, 1], points[:, 0]) == pytest.approx(told, abs=1e-3)
        scores, labels = [], []
        for one in many:
            scores += [candidate.probability for candidate in one.candidates[side]]
            labels += [True] + [False] * 3
        expected = roc_auc_score(labels, scores)
        assert found["sides"][side]["auc_nodule"][0] == pytest.approx(expected, abs=1e-4)


def test_groups_hold_all_nodules_once_each(scans):
    found = compare.compare(scans, rounds=20)
    for by in ("size_mm", "texture", "slice_mm", "kernel"):
        assert sum(one["nodules"] for one in found["strata"] if one["by"] == by) == 20
    sizes = {one["name"]: one["nodules"] for one in found["strata"] if one["by"] == "size_mm"}
    assert sizes == {"0-6": 1, "6-8": 2, "8-15": 7, "15-30": 10}


def test_calibration_is_the_gap_between_said_and_seen():
    told = [scan(n, dict.fromkeys((IN_USE, CANDIDATE), 0.9), false=(0.9,)) for n in range(10)]
    found = compare.compare(told, rounds=20)
    assert found["sides"][CANDIDATE]["calibration"] == {"error": 0.4, "bins": [[0.9, 0.5, 20]]}


def test_without_a_nodule_there_is_nothing_to_compare():
    empty = Scan(
        series_uid="1", slice_mm=1, kernel="", nodules=[], candidates={IN_USE: [], CANDIDATE: []}
    )
    with pytest.raises(ValueError, match="no nodule"):
        compare.compare([empty])


def test_a_model_that_finds_nothing_is_measured_all_the_same():
    nothing = [scan(n, {IN_USE: 0.9}) for n in range(4)]
    found = compare.compare(nothing, rounds=20)
    assert found["sides"][CANDIDATE]["operating"] == [0, 0, 0]
    assert found["sides"][CANDIDATE]["calibration"]["error"] is None
    assert not math.isnan(found["difference"]["cpm"][0])
    assert len(found["lost"]) == 4


def test_one_malignant_nodule_shows_nothing_and_does_not_pass(scans):
    """Of one case of a kind there is no variance: anything can be, and that is said in numbers."""
    rated = [
        replace(
            one,
            nodules=[
                replace(
                    one.nodules[0],
                    malignancy=5 if number == 0 else 1,
                    scores={IN_USE: 0.9 - number / 100, CANDIDATE: number / 100},
                )
            ],
        )
        for number, one in enumerate(scans)
    ]
    found = compare.compare(rated, rounds=100)
    assert found["delong"]["malignancy"] == {
        "difference": [-1.0, -1.0, 1.0],
        "p": 1.0,
        "cases": 20,
        "positive": 1,
    }
    assert compare.failed_checks(found, {"ok": True}) == ["not_worse"]
    json.dumps(found, allow_nan=False)


def test_a_difference_without_variance_is_certain():
    scores, high = np.array([[0.5] * 6, [1.0] * 3 + [0.0] * 3]), np.array([True] * 3 + [False] * 3)
    assert compare._delong(scores, high)["p"] == 0.0
