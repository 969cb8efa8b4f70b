"""What a dataset holds, counted."""

from lungcore.findings.balance import SIZES_MM, balance, nodules
from lungcore.findings.labels import LabelSet, Mark


def mark(x_mm=0.0, diameter_mm=8.0, kind="nodule", **attributes):
    return Mark(
        name="1",
        kind=kind,
        center_mm=(x_mm, 0.0, 0.0),
        diameter_mm=diameter_mm,
        attributes=attributes,
        mask=None,
    )


def said(reader, *marks):
    return LabelSet(series_uid="1.2", reader=reader, marks=marks)


def test_most_readers_decide_or_any():
    sets = [
        said("a", mark(0, 8, texture=5, malignancy=4), mark(50)),
        said("b", mark(1, 10, texture=4)),
        said("c", mark(0, 9, texture=5)),
    ]
    [voted] = nodules(sets, "vote")
    assert (voted.diameter_mm, voted.texture, voted.malignancy) == (9, 5, 4)
    assert len(nodules(sets, "each")) == 2


def test_half_of_the_readers_are_not_most():
    assert nodules([said("a", mark()), said("b")], "vote") == []


def test_one_reader_is_taken_at_their_word_but_for_what_is_no_nodule():
    assert len(nodules([said("a", mark(), mark(kind="non_nodule"))], "vote")) == 1


def test_bins_hold_their_lower_end_and_what_is_unknown_is_counted():
    ends = [said("a", *(mark(40 * n, float(mm)) for n, mm in enumerate((3, 4, 29.9, 30, 90))))]
    found = balance([("train", "P1", nodules(ends, "vote"))])["train"]
    assert dict(zip(SIZES_MM, found.sizes, strict=False)) == {
        **dict.fromkeys(SIZES_MM, 0),
        0: 1,
        4: 1,
        20: 1,
        30: 2,
    }
    unknown = balance([("test", "P1", nodules([said("a", mark(0, None))], "vote"))])["test"]
    assert (unknown.sizes[-1], unknown.textures[-1], unknown.malignancies[-1]) == (1, 1, 1)


def test_patients_and_negatives_are_counted_by_split():
    one = nodules([said("a", mark(texture=3))], "vote")
    found = balance([("train", "P1", one), ("train", "P1", []), ("test", "P2", [])])
    train, test, validation = found["train"], found["test"], found["validation"]
    assert (train.patients, train.series, train.negatives, train.nodules) == (1, 2, 1, 1)
    assert train.textures == [0, 0, 1, 0, 0, 0]
    assert (test.patients, test.negatives, validation.series) == (1, 1, 0)
