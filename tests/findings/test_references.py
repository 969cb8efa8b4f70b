"""Scores of readers on reference cases, against numbers made by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from lungcore.findings.references import ReferenceRead, scores, scores_over_time
from tests.findings.test_agreement import mark, reading


def read(reader, marks, answer, month="2026-01", uid="1.1"):
    marks = None if marks is None else reading(uid, reader, *marks)
    answer = reading(uid, "consensus", *answer)
    return ReferenceRead(reader=reader, month=month, marks=marks, answer=answer)


def wilson(part, total, z=1.959963984540054):
    middle = (part + z * z / 2) / (total + z * z)
    reach = z / (total + z * z) * math.sqrt(part * (total - part) / total + z * z / 4)
    return middle - reach, middle + reach


def test_a_reader_is_scored_on_all_scans():
    reads = [
        read("ann", [mark("a", 0, 12.0), mark("b", 100)], [mark("x", 2, 10.0)]),
        read("ann", [mark("a", 0, 9.0)], [mark("x", 1, 10.0), mark("y", 50), mark("z", 90)]),
        read("ann", [mark("a", 0), mark("b", 50)], []),
        read("ann", [], []),
        read("bob", [mark("a", 0, None)], [mark("x", 1, 10.0)]),
    ]
    ann, bob = scores(reads)
    assert (ann.reader, ann.scans, ann.unscored, ann.nodules, ann.found) == ("ann", 4, 0, 4, 2)
    assert ann.sensitivity.value == 0.5
    assert (ann.sensitivity.low, ann.sensitivity.high) == pytest.approx(wilson(2, 4))
    assert (ann.false_marks, ann.false_per_scan) == (3, 0.75)
    assert (ann.sized, ann.error_mm) == (2, pytest.approx(1.5))
    assert (bob.found, bob.nodules, bob.sized) == (1, 1, 0)
    assert math.isnan(bob.error_mm), "a place without a size has no error"


def test_small_nodules_of_the_answer_count_neither_way_and_other_marks_of_it_are_none():
    answer = [
        mark("x", 0),
        mark("y", 50, None, "small_nodule"),
        mark("z", 90, None, "non_nodule"),
        mark("s", 120, kind="structure"),
    ]
    [score] = scores([read("ann", [mark(str(x), x) for x in (1, 51, 90, 120)], answer)])
    assert (score.found, score.nodules, score.false_marks) == (1, 1, 2)
    [missed] = scores([read("ann", [], answer)])
    assert (missed.found, missed.nodules) == (0, 1)


def test_two_marks_on_one_small_nodule_are_one_too_many():
    answer = [mark("y", 50, None, "small_nodule")]
    [score] = scores([read("ann", [mark("a", 49), mark("b", 51)], answer)])
    assert score.false_marks == 1


def test_scans_that_cannot_be_scored_are_told_and_not_counted():
    reads = [read("ann", None, [mark("x", 0)]), read("ann", [mark("a", 0)], [mark("x", 0)])]
    [score] = scores(reads)
    assert (score.scans, score.unscored, score.nodules, score.found) == (1, 1, 1, 1)
    [nothing] = scores(reads[:1])
    assert (nothing.scans, nothing.unscored) == (0, 1)
    for value in (nothing.sensitivity.value, nothing.false_per_scan, nothing.error_mm):
        assert math.isnan(value)
    assert math.isnan(nothing.kappa)


def test_malignancy_is_compared_where_both_rated():
    ratings = [(5, 4), (1, 1), (3, 5), (2, None)]
    own = [mark(str(n), 50 * n, malignancy=a) for n, (a, _) in enumerate(ratings)]
    answer = [
        mark(str(n), 50 * n, **({} if b is None else {"malignancy": b}))
        for n, (_, b) in enumerate(ratings)
    ]
    [score] = scores([read("ann", own, answer)])
    wanted = cohen_kappa_score([5, 1, 3], [4, 1, 5], labels=range(1, 6), weights="quadratic")
    assert (score.rated, score.kappa) == (3, pytest.approx(wanted))


READS = st.lists(
    st.builds(
        lambda reader, month, own, answer: read(
            reader,
            None if own is None else [mark(str(x), 50 * x) for x in own],
            [mark(str(x), 50 * x) for x in answer],
            month,
        ),
        st.sampled_from(["ann", "bob"]),
        st.sampled_from(["2026-01", "2026-02"]),
        st.none() | st.sets(st.integers(0, 5)),
        st.sets(st.integers(0, 5)),
    )
)


@given(READS)
def test_months_add_up_to_the_whole(reads):
    months = scores_over_time(reads)
    assert [(one.reader, one.month) for one in months] == sorted(
        {(one.reader, one.month) for one in reads}
    )
    for whole in scores(reads):
        own = [one for one in months if one.reader == whole.reader]
        for name in ("scans", "unscored", "nodules", "found", "false_marks", "sized"):
            assert sum(getattr(one, name) for one in own) == getattr(whole, name)


@given(READS)
def test_hits_and_false_marks_are_those_of_sets(reads):
    """Marks lie 50 mm apart, so that the same place is the same nodule."""
    places = [
        ({m.name for m in one.marks.marks}, {m.name for m in one.answer.marks})
        for one in reads
        if one.reader == "ann" and one.marks is not None
    ]
    for score in scores(reads):
        if score.reader == "ann":
            assert score.found == sum(len(own & answer) for own, answer in places)
            assert score.false_marks == sum(len(own - answer) for own, answer in places)
