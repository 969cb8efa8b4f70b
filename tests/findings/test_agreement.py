"""Agreement of readers: matched nodules, and what is compared of them."""

import itertools
import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from lungcore.findings.agreement import agreement_of_pairs, agreement_of_readers, dice
from lungcore.findings.labels import LabelSet, Mark
from lungcore.findings.mask import Mask
from tests.findings.readers import THEIRS, rows_of, sets_of


def mark(name, x, diameter_mm=10.0, kind="nodule", mask=None, **attributes):
    return Mark(
        name=name,
        kind=kind,
        center_mm=(float(x), 0.0, 0.0),
        diameter_mm=diameter_mm,
        attributes=attributes,
        mask=mask,
    )


def reading(uid, reader, *marks):
    return LabelSet(series_uid=uid, reader=reader, marks=marks)


def test_nodules_of_all_series_that_both_read_are_counted():
    sets = [
        reading("1.1", "ann", mark("a", 0), mark("b", 100)),
        reading("1.1", "bob", mark("c", 3), mark("d", 200)),
        reading("1.2", "ann", mark("e", 0)),
        reading("1.2", "bob"),
        reading("1.3", "ann", mark("f", 0)),
    ]
    [pair] = agreement_of_pairs(sets)
    assert (pair.first, pair.second, pair.series) == ("ann", "bob", 2)
    assert (pair.both, pair.first_only, pair.second_only) == (1, 2, 1)
    assert pair.positive_agreement.value == pytest.approx(2 / 5)


def test_only_nodules_are_matched():
    sets = [
        reading("1.1", "ann", mark("a", 0), mark("b", 50, None, "small_nodule")),
        reading("1.1", "bob", mark("c", 0), mark("d", 50, kind="non_nodule")),
    ]
    [pair] = agreement_of_pairs(sets)
    assert (pair.both, pair.first_only, pair.second_only) == (1, 0, 0)


def test_each_mark_is_matched_once_and_with_the_nearest_that_lets_all_be_matched():
    # The first's two marks are both within reach of the second's at 3; only one other is at 8.
    sets = [
        reading("1.1", "ann", mark("a", 2), mark("b", 6)),
        reading("1.1", "bob", mark("c", 3), mark("d", 9)),
    ]
    [pair] = agreement_of_pairs(sets)
    assert pair.both == 2
    assert pair.diameters_mm.n == 2


def test_the_readers_of_a_pair_are_in_the_order_of_their_names():
    sets = [reading("1.1", "bob", mark("a", 0, 12.0)), reading("1.1", "ann", mark("b", 0, 10.0))]
    sets += [reading("1.2", "ann", mark("a", 0, 11.0)), reading("1.2", "bob", mark("b", 0, 14.0))]
    [pair] = agreement_of_pairs(sets)
    assert (pair.first, pair.second) == ("ann", "bob")
    assert pair.diameters_mm.mean.value == pytest.approx(-2.5)


def test_dice_is_that_of_whole_arrays():
    rng = np.random.default_rng(2)
    for _ in range(50):
        arrays, masks = [], []
        for _ in range(2):
            box = rng.random(rng.integers(1, 5, 3)) > 0.3
            box.flat[0] = True
            origin = tuple(map(int, rng.integers(0, 6, 3)))
            whole = np.zeros((12, 12, 12), bool)
            whole[tuple(slice(o, o + n) for o, n in zip(origin, box.shape, strict=True))] = box
            arrays.append(whole)
            masks.append(Mask(origin, box))
        wanted = 2 * (arrays[0] & arrays[1]).sum() / (arrays[0].sum() + arrays[1].sum())
        assert dice(*masks) == pytest.approx(wanted)


def test_dice_of_a_pair_is_the_mean_of_its_matched_masks():
    same, half = (
        Mask((0, 0, 0), np.ones((1, 1, 2), bool)),
        Mask((0, 0, 1), np.ones((1, 1, 2), bool)),
    )
    sets = [
        reading("1.1", "ann", mark("a", 0, mask=same), mark("b", 50, mask=same), mark("c", 90)),
        reading("1.1", "bob", mark("a", 0, mask=same), mark("b", 50, mask=half), mark("c", 90)),
    ]
    [pair] = agreement_of_pairs(sets)
    assert (pair.both, pair.outlined, pair.dice) == (3, 2, pytest.approx(0.75))


def test_ratings_are_compared_where_both_rated():
    sets = [
        reading("1.1", "ann", mark("a", 0, malignancy=5, margin=2), mark("b", 50, malignancy=1)),
        reading("1.1", "bob", mark("c", 0, malignancy=4), mark("d", 50, malignancy=1)),
    ]
    [pair] = agreement_of_pairs(sets)
    assert set(pair.ratings) == {"malignancy"}
    wanted = cohen_kappa_score([5, 1], [4, 1], labels=range(1, 6), weights="quadratic")
    assert pair.ratings["malignancy"].n == 2
    assert pair.ratings["malignancy"].kappa == pytest.approx(wanted)


def test_a_reader_is_told_apart_from_the_others():
    sets = [
        reading("1.1", "ann", mark("a", 0), mark("b", 100)),
        reading("1.1", "bob", mark("c", 0)),
        reading("1.1", "cid", mark("d", 0), mark("e", 200)),
    ]
    pairs = agreement_of_pairs(sets)
    assert [(pair.first, pair.second) for pair in pairs] == [
        ("ann", "bob"),
        ("ann", "cid"),
        ("bob", "cid"),
    ]
    found = {one.reader: (one.both, one.alone, one.missed) for one in agreement_of_readers(pairs)}
    assert found == {"ann": (2, 2, 1), "bob": (2, 0, 2), "cid": (2, 2, 1)}


def test_nobody_to_compare_with_is_no_pair():
    assert agreement_of_pairs([reading("1.1", "ann", mark("a", 0))]) == []
    assert agreement_of_readers([]) == []


def test_readings_without_marks_agree_on_nothing_to_count():
    [pair] = agreement_of_pairs([reading("1.1", "ann"), reading("1.1", "bob")])
    assert (pair.series, pair.both) == (1, 0)
    assert math.isnan(pair.positive_agreement.value)
    assert math.isnan(pair.dice)


def test_the_lidc_readers(shared):
    """Of three scans with one nodule each: all four found it, and the figures are the rows'."""
    rows, pairs = rows_of(shared), agreement_of_pairs(sets_of(shared))
    by_reader = [rows[n::4] for n in range(4)]
    assert len(pairs) == 6
    for pair, (first, second) in zip(pairs, itertools.combinations(by_reader, 2), strict=True):
        assert (pair.series, pair.both, pair.first_only, pair.second_only) == (3, 3, 0, 0)
        differences = [
            float(a["equiv_diam_mm"]) - float(b["equiv_diam_mm"])
            for a, b in zip(first, second, strict=True)
        ]
        mean, s = np.mean(differences), np.std(differences, ddof=1)
        assert pair.diameters_mm.mean.value == pytest.approx(mean)
        assert pair.diameters_mm.upper.value == pytest.approx(mean + 1.959964 * s)
        for name in ("spiculation", "margin", "malignancy"):
            column = THEIRS.get(name, name)
            one, other = ([int(row[column]) for row in side] for side in (first, second))
            wanted = cohen_kappa_score(one, other, labels=range(1, 6), weights="quadratic")
            assert pair.ratings[name].kappa == pytest.approx(wanted, nan_ok=True)
