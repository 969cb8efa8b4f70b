"""Agreement of each reader month by month."""

import math

import pytest
from sklearn.metrics import cohen_kappa_score

from lungcore.findings.trends import agreement_over_time
from tests.findings.test_agreement import mark, reading


def found_of(*sets):
    return {(one.reader, one.month): one for one in agreement_over_time(sets)}


def test_each_month_holds_what_was_signed_in_it_against_all_that_others_said():
    found = found_of(
        (reading("1.1", "ann", mark("a", 0), mark("b", 100)), "2026-01"),
        (reading("1.1", "bob", mark("c", 2)), "2026-03"),
        (reading("1.1", "file", mark("d", 1), mark("e", 200)), ""),
        (reading("1.2", "ann", mark("f", 0)), "2026-02"),
        (reading("1.2", "bob", mark("g", 3)), "2026-03"),
        (reading("1.3", "ann", mark("h", 0)), "2026-02"),
    )
    told = {
        key: (one.series, one.both, one.alone, one.missed, one.positive_agreement.value)
        for key, one in found.items()
    }
    assert told == {
        ("ann", "2026-01"): (1, 2, 2, 1, pytest.approx(4 / 7)),
        ("ann", "2026-02"): (1, 1, 0, 0, 1.0),
        ("bob", "2026-03"): (2, 3, 0, 2, pytest.approx(6 / 8)),
    }


def test_ratings_of_malignancy_are_compared_with_those_of_all_others():
    sets = (
        (reading("1.1", "ann", mark("a", 0, malignancy=5), mark("b", 50, malignancy=2)), "2026-01"),
        (reading("1.1", "bob", mark("a", 0, malignancy=4), mark("b", 50)), ""),
        (reading("1.1", "cid", mark("a", 0, malignancy=5), mark("b", 50, malignancy=1)), ""),
    )
    [one] = agreement_over_time(sets)
    wanted = cohen_kappa_score([5, 5, 2], [4, 5, 1], labels=range(1, 6), weights="quadratic")
    assert (one.rated, one.kappa) == (3, pytest.approx(wanted))


def test_a_reader_alone_on_a_series_or_without_a_month_has_none():
    assert agreement_over_time([(reading("1.1", "ann", mark("a", 0)), "2026-01")]) == []
    both = reading("1.1", "ann"), reading("1.1", "bob")
    assert agreement_over_time([(one, "") for one in both]) == []
    empty = agreement_over_time([(one, "2026-01") for one in both])
    assert [(one.series, math.isnan(one.positive_agreement.value)) for one in empty] == [
        (1, True),
        (1, True),
    ]
