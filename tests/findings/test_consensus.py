"""Consensus of readers: by vote, and by STAPLE against ITK's."""

import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st

from lungcore.findings.agreement import dice
from lungcore.findings.consensus import estimate_truth, groups, staple, vote
from lungcore.findings.labels import Grid, LabelSet, Mark
from lungcore.findings.mask import Mask
from lungcore.findings.voxels import ball, on_grid
from tests.findings.readers import sets_of

GRID = Grid((40, 40, 40), np.eye(4)[[2, 1, 0, 3]])


def mark(x, diameter_mm=10.0, mask=None, **attributes):
    return Mark(
        name=f"at {x}",
        kind="nodule",
        center_mm=(float(x), 20.0, 20.0),
        diameter_mm=diameter_mm,
        attributes=attributes,
        mask=mask,
    )


def readers(*marks_of_each):
    return [
        LabelSet(series_uid="1.1", reader=f"r{n}", marks=tuple(marks))
        for n, marks in enumerate(marks_of_each)
    ]


def drawn(x, diameter_mm):
    return mark(x, diameter_mm, ball((float(x), 20.0, 20.0), diameter_mm, GRID))


@pytest.mark.parametrize(("count", "needed"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
def test_more_than_half_of_the_readers_make_a_nodule(count, needed):
    for marked in range(count + 1):
        sets = readers(*([[mark(10)]] * marked + [[]] * (count - marked)))
        assert len(vote(sets, GRID).marks) == (marked >= needed)


def test_a_group_has_at_most_one_mark_of_a_reader():
    found = groups(readers([mark(10), mark(12)], [mark(11), mark(30)], [mark(12)]))
    assert sorted(len(group) for group in found) == [1, 1, 3] or sorted(
        len(group) for group in found
    ) == [1, 2, 2]
    assert sum(len(group) for group in found) == 5


def test_without_masks_centre_and_diameter_are_means_and_ratings_medians():
    sets = readers(
        [mark(10, 8, malignancy=1, margin=2)],
        [mark(11, 10, malignancy=4)],
        [mark(12, 12, malignancy=5, margin=5)],
    )
    [found] = vote(sets, GRID).marks
    assert found.center_mm == pytest.approx((11, 20, 20))
    assert found.diameter_mm == pytest.approx(10)
    assert found.attributes == {"malignancy": 4, "margin": 4}


def test_the_voxels_are_those_that_half_of_the_masks_hold():
    marks = [drawn(18, 10), drawn(20, 12), drawn(21, 9), drawn(20, 7)]
    [found] = vote(readers(*([one] for one in marks)), GRID).marks
    wanted = np.mean([on_grid(one.mask, GRID) for one in marks], axis=0) >= 0.5
    np.testing.assert_array_equal(on_grid(found.mask, GRID), wanted)


def test_the_sets_stay_as_they_are_and_the_order_of_readers_does_not_matter():
    sets = readers([drawn(18, 10), mark(33)], [drawn(19, 10)], [drawn(20, 10), mark(34)])
    one, other = vote(sets, GRID), vote(sets[::-1], GRID)
    assert [m.center_mm for m in one.marks] == [m.center_mm for m in other.marks]
    assert [len(labels.marks) for labels in sets] == [2, 1, 2]


def test_readers_of_different_series_have_no_consensus():
    sets = [LabelSet(series_uid=uid, reader="r", marks=()) for uid in ("1.1", "1.2")]
    with pytest.raises(ValueError, match="unpack"):
        vote(sets, GRID)


def itk_staple(decisions):
    images = [SimpleITK.GetImageFromArray(one.astype(np.uint8)) for one in decisions]
    method = SimpleITK.STAPLEImageFilter()
    method.SetForegroundValue(1)
    found = SimpleITK.GetArrayFromImage(method.Execute(images))
    return found, np.array(method.GetSensitivity()), np.array(method.GetSpecificity())


@given(st.integers(0, 10_000), st.integers(3, 5))
def test_staple_is_itks(seed, count):
    rng = np.random.default_rng(seed)
    truth = on_grid(ball((20.0, 20.0, 20.0), 14, GRID), GRID)[10:31, 10:31, 10:31]
    flips = rng.random((count, *truth.shape)) < rng.uniform(0.02, 0.2, (count, 1, 1, 1))
    decisions = truth ^ flips
    found = estimate_truth(decisions)
    theirs, sensitivity, specificity = itk_staple(decisions)
    np.testing.assert_allclose(found.sensitivity, sensitivity, atol=2e-3)
    np.testing.assert_allclose(found.specificity, specificity, atol=2e-3)
    assert ((found.probability > 0.5) != (theirs > 0.5)).mean() < 2e-3


def test_staple_trusts_the_reader_who_is_right():
    rng = np.random.default_rng(4)
    truth = rng.random((30, 30, 30)) < 0.3
    good, bad = truth ^ (rng.random(truth.shape) < 0.02), truth ^ (rng.random(truth.shape) < 0.3)
    other = truth ^ (rng.random(truth.shape) < 0.1)
    found = estimate_truth(np.array([good, bad, other]))
    assert found.sensitivity[0] > found.sensitivity[2] > found.sensitivity[1]
    assert found.specificity[0] > found.specificity[2] > found.specificity[1]


@pytest.mark.parametrize("value", [False, True])
def test_readers_who_all_say_the_same_everywhere_are_believed(value):
    found = estimate_truth(np.full((3, 2, 2, 2), value))
    assert (found.probability == value).all()


def test_staple_of_readers_who_agree_is_what_they_say():
    sets = readers(*([drawn(20, 11)] for _ in range(3)))
    [found] = staple(sets, GRID).marks
    assert dice(found.mask, sets[0].marks[0].mask) == 1


def test_one_mask_is_its_own_consensus():
    one = Mark(
        name="1",
        kind="nodule",
        center_mm=(0.0, 0.0, 0.0),
        diameter_mm=1.0,
        attributes={},
        mask=Mask((0, 0, 0), np.ones((1, 1, 1), bool)),
    )
    for method in (vote, staple):
        [found] = method(readers([one]), GRID).marks
        assert found.mask.origin == (0, 0, 0)


def test_the_lidc_readers_consensus_is_the_reference_standards(shared):
    sets = sets_of(shared)
    for uid in {labels.series_uid for labels in sets}:
        own = [labels for labels in sets if labels.series_uid == uid]
        [found] = vote(own, GRID).marks
        assert found.diameter_mm == pytest.approx(
            np.mean([labels.marks[0].diameter_mm for labels in own])
        )
