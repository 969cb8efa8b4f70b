"""Which nodule of a prior is which of the current scan, and what it was measured by."""

import math

import pytest

from lungcore.findings.comparison import Scan, compare
from lungcore.findings.finding import Finding


def finding(uid: str, x: float, diameter_mm: float = 10.0, state="machine") -> Finding:
    return Finding(uid, (x, 0.0, 0.0), diameter_mm, state=state)


def along_x(point):
    return point[0] + 100, point[1], point[2]


def test_pairs_come_first_then_new_then_gone() -> None:
    prior = Scan([finding("a", 0), finding("b", 60), finding("gone", 200)], 1.0)
    current = Scan([finding("new", 400), finding("B", 163), finding("A", 104)], 1.0)
    found = compare(prior, current, 90, to_current=along_x, reach_mm=5.0)
    named = [tuple(one and one.finding_uid for one in (pair.prior, pair.current)) for pair in found]
    assert named == [("b", "B"), ("a", "A"), (None, "new"), ("gone", None)]
    assert [pair.growth is not None for pair in found] == [True, True, False, False]


@pytest.mark.parametrize(("off_mm", "is_pair"), [(14.9, True), (15.1, False)])
def test_small_nodules_are_sought_within_reach(off_mm: float, is_pair: bool) -> None:
    prior, current = (Scan([finding("1", x, 4.0)], 1.0) for x in (0, 100 + off_mm))
    found = compare(prior, current, 90, to_current=along_x, reach_mm=15.0)
    assert (len(found) == 1) == is_pair


def test_the_machines_outline_is_its_size_until_a_reader_gives_another() -> None:
    scan = Scan([], 1.0, {"1": 300.0})
    assert scan.size(finding("1", 0)).volume_mm3 == 300
    assert scan.size(finding("1", 0)).diameter_mm == pytest.approx((1800 / math.pi) ** (1 / 3))
    assert scan.size(finding("1", 0, state="accepted")).volume_mm3 == 300
    sphere = math.pi / 6 * 1000
    assert scan.size(finding("1", 0, state="edited")).volume_mm3 == pytest.approx(sphere)
    assert scan.size(finding("2", 0)).volume_mm3 == pytest.approx(sphere)


def test_two_empty_scans_have_no_pairs() -> None:
    assert compare(Scan([], 1.0), Scan([], 1.0), 1, to_current=along_x, reach_mm=5.0) == []
