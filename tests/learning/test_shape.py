import numpy as np
import pytest

from lungcore.learning.crops import Stack
from lungcore.learning.shape import (
    FEATURES,
    component,
    describe,
    equivalent_diameter_mm,
    goes_on,
)
from lungcore.learning.tasks import LUNGS

SIDE, SPACING_MM, STEP_MM = LUNGS.crop.side, LUNGS.crop.spacing_mm, LUNGS.crop.step_mm
PLANES = 31


def stack(ends=(False, False)):
    hu = np.full((PLANES, SIDE, SIDE), -850, np.float32)
    return Stack(LUNGS, hu, np.eye(4), PLANES // 2, ends)


def ellipsoid(axes_mm, centre_mm=(0, 0, 0)):
    grid = np.stack(
        np.meshgrid(
            (np.arange(PLANES) - PLANES // 2) * STEP_MM,
            *[(np.arange(SIDE) - (SIDE - 1) / 2) * SPACING_MM] * 2,
            indexing="ij",
        ),
        -1,
    )
    return (((grid - centre_mm) / (np.array(axes_mm) / 2)) ** 2).sum(-1) <= 1


def logits(mask):
    return np.where(mask, 5.0, -5.0).astype(np.float32)


def test_a_ball_is_measured():
    one, mask = stack(), ellipsoid((14, 14, 14))
    one.hu[mask] = 40
    found = describe(one, logits(mask), mask)
    assert set(found) == set(FEATURES)
    assert np.exp(found["log_diameter"]) == pytest.approx(14, rel=0.03)
    assert np.exp(found["log_area_diameter"]) == pytest.approx(14, rel=0.03)
    assert np.exp(found["log_long_axis"]) == pytest.approx(14, rel=0.08)
    assert found["elongation"] == pytest.approx(1, abs=0.1)
    assert found["hu_mean"] == pytest.approx(40)
    assert found["hu_shell"] == pytest.approx(-850)
    assert found["edge"] == pytest.approx(890)


def test_a_long_one_is_told_from_a_round_one():
    one, mask = stack(), ellipsoid((8, 8, 20))
    found = describe(one, logits(mask), mask)
    assert found["elongation"] == pytest.approx(20 / 8, rel=0.12)
    assert np.exp(found["log_long_axis"]) == pytest.approx(20, rel=0.06)
    assert np.exp(found["log_short_axis"]) == pytest.approx(8, rel=0.1)


def test_calcium_is_counted_in_mm3():
    one, mask = stack(), ellipsoid((14, 14, 14))
    one.hu[mask] = 40
    core = ellipsoid((6, 6, 6))
    one.hu[core] = 700
    found = describe(one, logits(mask), mask)
    assert np.expm1(found["log_calcium"]) == pytest.approx(core.sum() * SPACING_MM**2 * STEP_MM)


def test_the_part_at_the_centre_is_taken():
    one = stack()
    middle, aside = ellipsoid((8, 8, 8)), ellipsoid((8, 8, 8), (0, 12, 0))
    np.testing.assert_array_equal(component(logits(middle | aside), one), middle)
    near = ellipsoid((6, 6, 6), (0, 5, 0))
    np.testing.assert_array_equal(
        component(logits(near | ellipsoid((4, 4, 4), (12, 0, 0))), one), near
    )


def test_nothing_segmented_is_a_dot():
    mask = component(np.full((PLANES, SIDE, SIDE), -9, np.float32), stack())
    assert mask.sum() == 4
    assert 0 < equivalent_diameter_mm(mask, stack()) < 2


def test_what_ends_with_the_volume_does_not_go_on():
    small, tall = ellipsoid((9, 9, 9)), ellipsoid((80, 9, 9))
    assert not goes_on(small, stack())
    assert goes_on(tall, stack())
    assert goes_on(tall, stack(ends=(True, False)))
    assert not goes_on(tall, stack(ends=(True, True)))
    assert goes_on(ellipsoid((9, 60, 9)), stack(ends=(True, True)))
