import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lungcore.findings.finding import Candidate
from lungcore.learning.froc import (
    MOST_MARKS,
    RATES,
    ScanResult,
    Sphere,
    bootstrap,
    curve,
    judge,
    sensitivities,
    threshold_at,
)


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
    assert result == ScanResult((0.9,), (), irrelevant=1, doubles=1)


def test_a_candidate_on_a_nodule_is_no_irrelevant_one():
    both = Sphere((0, 0, 0), 10)
    assert judge([candidate(0, 0.5)], [both], [both]) == ScanResult((0.5,), ())


def test_only_the_most_probable_marks_count():
    marks = [candidate(100, 0.5 + n / 1000) for n in range(MOST_MARKS)]
    result = judge([candidate(0, 0.1), *marks], [Sphere((0, 0, 0), 10)])
    assert result.hits == (-np.inf,)
    assert len(result.false_positives) == MOST_MARKS


def test_sensitivities_are_read_off_the_curve():
    results = [ScanResult((0.9, 0.5), (0.8, 0.6)), ScanResult((0.7,), (0.4,))]
    found = curve(results)
    np.testing.assert_allclose(found.false_positives, [0, 0, 0.5, 0.5, 1, 1, 1.5])
    np.testing.assert_allclose(found.sensitivity, [0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1, 1])
    expected = np.interp(RATES, found.false_positives, found.sensitivity)
    np.testing.assert_allclose(sensitivities(results), expected)
    np.testing.assert_allclose(expected[2:], [2 / 3, 1, 1, 1, 1])


def test_marks_of_one_probability_pass_together():
    found = curve([ScanResult((0.5,), (0.5, 0.5))])
    np.testing.assert_allclose(found.false_positives, [0, 2])
    np.testing.assert_allclose(found.sensitivity, [0, 1])


def test_threshold_of_a_rate():
    results = [ScanResult((0.9, 0.5), (0.8, 0.6)), ScanResult((0.7,), (0.4,))]
    assert threshold_at(results, 0.5) == 0.7
    assert threshold_at(results, 8) == 0.4


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.7, -np.inf]), max_size=3),
            st.lists(st.sampled_from([0.1, 0.3, 0.5, 0.8]), max_size=4),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_the_curve_is_what_counting_at_each_threshold_gives(scans):
    results = [ScanResult(tuple(hits), tuple(false)) for hits, false in scans]
    hits = [hit for result in results for hit in result.hits]
    found = curve(results)
    for false, sensitivity, threshold in zip(
        found.false_positives, found.sensitivity, found.threshold, strict=True
    ):
        above = sum(p >= threshold for result in results for p in result.false_positives)
        assert false == pytest.approx(above / len(results))
        if hits:
            assert sensitivity == pytest.approx(np.mean([hit >= threshold for hit in hits]))


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
