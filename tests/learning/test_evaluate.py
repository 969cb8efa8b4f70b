import numpy as np
import pytest

from lungcore.findings.finding import Candidate
from lungcore.formats import luna16
from lungcore.learning.evaluate import evaluate
from lungcore.learning.froc import Sphere

EXPECTED = "expected_res18_focal_all"


@pytest.fixture(scope="module")
def report(shared):
    folder = shared / "luna16"
    nodules, irrelevant = (
        {uid: [Sphere(*mark) for mark in marks] for uid, marks in found.items()}
        for found in (
            luna16.read_annotations(folder / "annotations.csv"),
            luna16.read_annotations(folder / "annotations_excluded.csv"),
        )
    )
    submission = luna16.read_submission(folder / "luna_submission_res18_focal_all.csv")
    return evaluate(submission, nodules, irrelevant, luna16.read_series(folder / "val9_sid.csv"))


def test_counts_are_the_organisers(report, shared):
    told = (shared / "luna16" / EXPECTED / "CADAnalysis.txt").read_text()
    for name, value in {
        "True positives": report.true_positives,
        "False positives": report.false_positives,
        "False negatives": report.false_negatives,
        "Total number of candidates": report.candidates,
        "Total number of nodules": report.nodules,
        "Ignored candidates on excluded nodules": report.irrelevant,
        "Ignored candidates which were double detections on a nodule": report.doubles,
    }.items():
        assert f"{name}: {value}\n" in told


def test_sensitivities_are_the_organisers_to_six_digits(report, shared):
    [path] = (shared / "luna16" / EXPECTED).glob("froc_luna*_all.txt")
    rate, sensitivity, _ = np.loadtxt(path, delimiter=",").T
    expected = np.interp([one.rate for one in report.sensitivities], rate, sensitivity)
    values = [one.value for one in report.sensitivities]
    np.testing.assert_allclose(values, expected, atol=5e-7)
    assert report.cpm == pytest.approx(0.908844, abs=5e-7)


def test_intervals_are_near_the_organisers(report, shared):
    [path] = (shared / "luna16" / EXPECTED).glob("*_bootstrapping.csv")
    rate, _, low, high = np.loadtxt(path, delimiter=",", skiprows=1).T
    for one in report.sensitivities:
        # Two draws of 1000 bootstraps differ by about this much.
        assert one.low == pytest.approx(np.interp(one.rate, rate, low), abs=0.05)
        assert one.high == pytest.approx(np.interp(one.rate, rate, high), abs=0.02)


def test_candidates_of_other_series_are_counted_apart():
    sphere = Sphere((0, 0, 0), 10)
    mark = Candidate((0, 0, 0), 0, 0.5, None)
    report = evaluate({"1.2": [mark], "1.3": [mark, mark]}, {"1.2": [sphere]}, {}, ["1.2"])
    assert (report.candidates, report.unlisted) == (1, 2)
    assert report.cpm == 1


def test_series_without_a_nodule_cannot_be_evaluated():
    with pytest.raises(ValueError, match="series"):
        evaluate({}, {}, {}, ["1.2"])
