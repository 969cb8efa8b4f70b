"""Strategies order the cases of a round as their names say, and the same way each time."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lungcore.findings.finding import Finding
from lungcore.findings.ordering import STRATEGIES, Case, disagreement, mixed, ordered, uncertainty

CASES = st.lists(
    st.builds(
        Case,
        number=st.integers(1, 99),
        study_date=st.sampled_from(["", "2020-01-01", "2021-05-05"]),
        uncertainty=st.none() | st.floats(0, 1),
        disagreement=st.none() | st.floats(0, 1),
        stratum=st.sampled_from("abc"),
    ),
    unique_by=lambda case: case.number,
    max_size=30,
)


def mark(x_mm: float, diameter_mm: float = 10.0) -> Finding:
    return Finding(f"2.25.{x_mm:.0f}", (x_mm, 0.0, 0.0), diameter_mm)


@given(CASES, st.sampled_from(list(STRATEGIES)), st.integers(0, 9))
def test_no_case_is_lost_and_their_order_given_does_not_matter(cases, strategy, seed):
    found = ordered(cases, strategy, seed)
    assert sorted(case.number for case in found) == sorted(case.number for case in cases)
    assert ordered(reversed(cases), strategy, seed) == found


@given(CASES, st.sampled_from(["uncertainty", "disagreement"]))
def test_the_largest_come_first_and_the_unknown_last(cases, strategy):
    values = [getattr(case, strategy) for case in ordered(cases, strategy, 1)]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=True)
    assert values[len(known) :] == [None] * (len(values) - len(known))


@given(CASES)
def test_the_oldest_come_first_and_the_undated_last(cases):
    dates = [case.study_date or "9999" for case in ordered(cases, "oldest", 1)]
    assert dates == sorted(dates)


@given(CASES)
def test_diversity_comes_back_to_a_stratum_after_all_others_that_have_cases_left(cases):
    seen: dict[str, int] = {}
    for case in ordered(cases, "diversity", 1):
        seen[case.stratum] = seen.get(case.stratum, 0) + 1
        left = {other.stratum for other in cases} - {
            stratum
            for stratum, count in seen.items()
            if count == sum(one.stratum == stratum for one in cases)
        }
        assert all(seen.get(stratum, 0) >= seen[case.stratum] - 1 for stratum in left)


def test_chance_differs_from_round_to_round():
    cases = [Case(number) for number in range(20)]
    assert ordered(cases, "random", 1) != ordered(cases, "random", 2)


@given(CASES, st.integers(0, 12), st.text(max_size=4))
def test_mixing_keeps_the_order_and_loses_nothing(cases, count, seed):
    others = [Case(1000 + number) for number in range(count)]
    found = mixed(cases, others, seed)
    assert [case for case in found if case.number < 1000] == cases
    assert sorted(case.number for case in found if case.number >= 1000) == [
        case.number for case in others
    ]
    assert mixed(cases, others[::-1], seed) == found


def test_every_place_of_a_mixed_case_is_as_likely():
    places = Counter()
    for seed in range(3000):
        found = mixed([Case(n) for n in range(4)], [Case(1000), Case(1001)], f"a {seed}")
        places.update(place for place, case in enumerate(found) if case.number == 1000)
    assert stats.chisquare([places[place] for place in range(6)]).pvalue > 0.001


def test_uncertainty_is_of_the_least_sure_finding():
    assert uncertainty([]) is None
    assert uncertainty([0.9, 0.5, 0.1]) == 1
    assert uncertainty([0.75, 0.95]) == pytest.approx(0.5)


def test_disagreement_counts_marks_without_a_counterpart():
    one, same, other = [mark(0), mark(100)], [mark(2), mark(100)], [mark(0)]
    assert disagreement([one]) is None
    assert disagreement([one, same]) == 0
    assert disagreement([[], []]) == 0
    assert disagreement([one, []]) == 1
    assert disagreement([one, other]) == pytest.approx(1 - 2 / 3)
    assert disagreement([one, same, other]) == pytest.approx((0 + 1 / 3 + 1 / 3) / 3)
