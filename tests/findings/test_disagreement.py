"""What readers differ in, and the set that decisions leave."""

import numpy as np
import pytest

from lungcore.findings.adjudication import Adjudication, Event
from lungcore.findings.consensus import members, staple, vote
from lungcore.findings.disagreement import decided, disputes
from tests.findings.test_consensus import GRID, drawn, mark, readers


@pytest.mark.parametrize(
    ("marks", "count", "found"),
    [
        ([mark(10), mark(10)], 2, ()),
        ([mark(10)], 2, ("presence",)),
        ([mark(10, malignancy=2), mark(10, malignancy=3)], 2, ()),
        ([mark(10, malignancy=2), mark(10), mark(10, malignancy=4)], 3, ("malignancy",)),
        # 1.2 of a mean of 5.4 is 0.22; 1.5 of 5.25 is 0.29.
        ([mark(10, 6), mark(10, 4.8)], 2, ()),
        ([mark(10, 6), mark(10, 4.5)], 2, ("diameter",)),
        ([mark(10, None), mark(10, 4.5)], 2, ()),
        (
            [mark(10, 6, malignancy=1), mark(10, 3, malignancy=5)],
            3,
            ("presence", "malignancy", "diameter"),
        ),
    ],
)
def test_what_readers_differ_in(marks, count, found):
    assert disputes(marks, count) == found


def state_of(sets, *decisions):
    groups = tuple(map(tuple, members(sets)))
    made = tuple(
        Event(n, 1, "decide", {"group": n, "reason": "why", **said})
        for n, said in enumerate(decisions)
    )
    readers = [{"reader": labels.reader} for labels in sets]
    return Adjudication(readers=readers, groups=groups, made=made)


def nodule(outline="vote", ratings="median"):
    return {"nodule": True, "outline": outline, "ratings": ratings}


NONE = {"nodule": False}


@pytest.fixture
def sets():
    first = [drawn(18, 10), mark(33, 6, malignancy=2)]
    return readers(first, [drawn(20, 12), mark(5)], [drawn(21, 9), mark(34, 8, malignancy=5)])


def test_a_method_gives_what_it_gives_of_all(sets):
    for method, of_all in (("vote", vote), ("staple", staple)):
        state = state_of(sets, nodule(method), nodule(method), NONE)
        found = decided(state, sets, GRID, "1.1", "adjudicated-account-7")
        wanted = of_all(sets, GRID)
        assert [m.center_mm for m in found.marks] == [m.center_mm for m in wanted.marks]
        np.testing.assert_array_equal(found.marks[0].mask.voxels, wanted.marks[0].mask.voxels)
        assert found.marks[1].attributes == wanted.marks[1].attributes == {"malignancy": 4}
        assert (found.series_uid, found.reader) == ("1.1", "adjudicated-account-7")


def test_a_readers_outline_and_anothers_ratings(sets):
    found = decided(state_of(sets, nodule(1), nodule(0, 2), NONE), sets, GRID, "1.1", "me")
    first, second = found.marks
    assert first.mask is sets[1].marks[0].mask
    assert (second.diameter_mm, second.center_mm[0]) == (6, 33)
    assert second.attributes == {"malignancy": 5}
    assert [one.name for one in found.marks] == ["1", "2"]


def test_one_against_all_may_be_right(sets):
    found = decided(state_of(sets, NONE, NONE, nodule(1)), sets, GRID, "1.1", "me")
    [only] = found.marks
    assert (only.name, only.center_mm[0]) == ("3", 5)


def test_nothing_is_made_of_what_is_not_decided(sets):
    with pytest.raises(ValueError, match="decided"):
        decided(state_of(sets, nodule()), sets, GRID, "1.1", "me")
