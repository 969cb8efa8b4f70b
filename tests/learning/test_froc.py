import csv

import numpy as np
import pytest

from lungcore.findings.finding import Candidate
from lungcore.learning.froc import RATES, ScanResult, Sphere, bootstrap, judge, sensitivities


def candidate(x, probability):
    return Candidate((x, 0.0, 0.0), 5.0, probability, None)


def test_a_hit_lies_within_the_radius():
    nodules = [Sphere((0, 0, 0), 10), Sphere((50, 0, 0), 10)]
    result = judge([candidate(4.9, 0.9), candidate(55.1, 0.8)], nodules)
    assert result == ScanResult((0.9, -np.inf), (0.8,))


def test_double_detections_and_ignored_places_count_neither_way():
    result = judge(
        [candidate(0, 0.5), candidate(3, 0.9), candidate(100, 0.7)],
        [Sphere((0, 0, 0), 10)],
        [Sphere((100, 0, 0), 6)],
    )
    assert result == ScanResult((0.9,), ())


def test_sensitivities_at_the_rates():
    results = [ScanResult((0.9, 0.5), (0.8, 0.6)), ScanResult((0.7,), (0.4,))]
    # 2 scans: no false positive is allowed up to 1/4 a scan, one at 1/2, two at 1.
    expected = [1 / 3, 1 / 3, 2 / 3, 1, 1, 1, 1]
    np.testing.assert_allclose(sensitivities(results), expected)


def test_missed_nodules_are_never_found():
    results = [ScanResult((-np.inf, 0.5), ())]
    np.testing.assert_allclose(sensitivities(results), 0.5)


def test_intervals_hold_the_value():
    rng = np.random.default_rng(0)
    results = [
        ScanResult(tuple(rng.uniform(0.3, 1, 4)), tuple(rng.uniform(0, 0.7, 10))) for _ in range(20)
    ]
    low, high = bootstrap(results, rounds=100)
    assert len(low) == len(RATES) + 1
    assert low[-1] < sensitivities(results).mean() < high[-1]


def test_organisers_figures_on_the_sample_submission(shared):
    """LUNA16's evaluation of a real detector on 88 scans, to within its rounding of thresholds."""
    folder = shared / "luna16"
    submission = next(
        path for path in folder.rglob("*.csv") if "probability" in path.open().readline()
    )
    scans = (folder / "val9_sid.csv").read_text().split()
    found = _by_scan(submission)
    nodules = _by_scan(folder / "annotations.csv")
    excluded = _by_scan(folder / "annotations_excluded.csv")
    results = [
        judge(
            [Candidate(_point(r), 0, float(r["probability"]), None) for r in found.get(scan, [])],
            [Sphere(_point(r), float(r["diameter_mm"])) for r in nodules.get(scan, [])],
            [Sphere(_point(r), _ignored(r)) for r in excluded.get(scan, [])],
        )
        for scan in scans
        if scan.startswith("1.")
    ]
    assert sum(len(r.false_positives) for r in results) == 986
    hits = [hit for r in results for hit in r.hits]
    assert (np.isfinite(hits).sum(), np.isinf(hits).sum()) == (104, 1)
    assert sensitivities(results).mean() == pytest.approx(0.908844, abs=0.01)


def _by_scan(path):
    with path.open(newline="") as file:
        scans = {}
        for row in csv.DictReader(file):
            scans.setdefault(row["seriesuid"], []).append(row)
    return scans


def _point(row):
    return float(row["coordX"]), float(row["coordY"]), float(row["coordZ"])


def _ignored(row):
    # The organisers give marks without a size 10 mm.
    diameter_mm = float(row["diameter_mm"])
    return diameter_mm if diameter_mm > 0 else 10.0
