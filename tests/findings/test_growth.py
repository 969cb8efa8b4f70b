"""Growth and doubling times, against examples worked by hand and what must always hold."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungcore.findings.finding import Finding
from lungcore.findings.growth import Growth, Size, growth, size_of

volumes = st.floats(30.0, 30_000.0)


def sphere(volume_mm3: float, slice_mm: float = 1.0) -> Size:
    return Size((6 * volume_mm3 / math.pi) ** (1 / 3), volume_mm3, slice_mm)


def test_a_volume_that_doubles_in_100_days() -> None:
    found = growth(sphere(300), sphere(600), 100)
    assert found.course == "grown"
    assert found.change == pytest.approx(1.0)
    assert found.doubling_days == pytest.approx(100)
    # ln 2 = 0.6931, ln 1.27 = 0.2390: 69.31 / 0.9321 and 69.31 / 0.4541
    assert found.doubling_interval_days == pytest.approx((74.36, 152.64), abs=0.01)
    assert found.caveats == ()


def test_a_diameter_from_8_to_10_mm_in_a_year() -> None:
    # (10 / 8) ** 3 = 1.953; VDT = 365 * 0.6931 / 0.6694 = 377.9 days
    found = growth(sphere(math.pi / 6 * 512), sphere(math.pi / 6 * 1000), 365)
    assert found.doubling_days == pytest.approx(377.9, abs=0.1)


def test_a_change_within_the_error_has_no_doubling_time_but_a_least_one() -> None:
    found = growth(sphere(500), sphere(600), 90)  # 20 %
    assert found.course == "stable"
    assert found.doubling_days is None
    low, high = found.doubling_interval_days
    assert low == pytest.approx(90 * math.log(2) / (math.log(1.2) + math.log(1.27)))
    assert high is None
    assert found.caveats == ("within_error",)


@pytest.mark.parametrize(
    ("prior", "current", "caveats"),
    [
        (sphere(60), sphere(400), ("small",)),  # 4.9 mm
        (sphere(300, 2.5), sphere(900, 1.0), ("thick",)),
        (sphere(60, 3.0), sphere(600, 1.0), ("small", "thick")),
    ],
)
def test_what_cannot_be_measured_well_says_so_and_widens(prior, current, caveats) -> None:
    found = growth(prior, current, 100)
    assert found.caveats == caveats
    ratio, limit = math.log(current.volume_mm3 / prior.volume_mm3), 2 * math.log(1.27)
    assert found.doubling_interval_days[0] == pytest.approx(100 * math.log(2) / (ratio + limit))


def test_a_nodule_that_shrinks_has_no_doubling_time() -> None:
    found = growth(sphere(1000), sphere(400), 100)
    assert (found.course, found.doubling_days) == ("shrunk", None)
    assert found.doubling_interval_days == (None, None)
    assert found.change == pytest.approx(-0.6)


def test_two_scans_of_one_day_have_no_doubling_time() -> None:
    found = growth(sphere(300), sphere(600), 0)
    assert found.doubling_days is None
    assert "same_day" in found.caveats


@given(volumes, volumes, st.integers(1, 3000))
def test_the_doubling_time_lies_in_its_interval(prior, current, days) -> None:
    found = growth(sphere(prior), sphere(current), days)
    if found.doubling_days is not None:
        low, high = found.doubling_interval_days
        assert low is not None
        assert low < found.doubling_days
        assert high is None or found.doubling_days < high
        # After that time the volume is twice the prior one.
        grown = prior * (current / prior) ** (found.doubling_days / days)
        assert grown == pytest.approx(2 * prior)


@given(volumes, volumes, st.integers(1, 3000))
def test_growth_and_shrinking_are_each_other_turned_round(prior, current, days) -> None:
    there, back = (
        growth(sphere(a), sphere(b), days) for a, b in ((prior, current), (current, prior))
    )
    assert (1 + there.change) * (1 + back.change) == pytest.approx(1)
    if there.course == "grown":
        assert back.change < 0


@pytest.mark.parametrize(
    ("prior", "days", "named"), [(0.0, 10, "prior"), (-5.0, 10, "prior"), (10.0, -1, "days")]
)
def test_what_cannot_be_is_named(prior, days, named) -> None:
    with pytest.raises(ValueError, match=named):
        growth(Size(3, prior, 1), Size(3, 10, 1), days)


def test_the_size_is_of_the_ellipsoid_where_there_is_one() -> None:
    finding = Finding("1", (0, 0, 0), 10.0)
    assert size_of(finding, 1.0).volume_mm3 == pytest.approx(math.pi / 6 * 1000)
    ellipsoid = Finding("1", (0, 0, 0), 10.0, axes_mm=(8.0, 10.0, 12.0))
    assert size_of(ellipsoid, 1.0).volume_mm3 == pytest.approx(math.pi / 6 * 960)
    assert isinstance(growth(size_of(finding, 1), size_of(ellipsoid, 1), 5), Growth)
