"""Manifests: one content, one id; differences; splits that stay."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungcore.findings.dataset import (
    SPLITS,
    Entry,
    Labels,
    Manifest,
    Rules,
    difference,
    split_of,
)

uids = st.integers(1, 10**6).map(lambda number: f"1.2.{number}")
hashes = st.binary(min_size=1, max_size=4).map(lambda data: hashlib.sha256(data).hexdigest())
labels = st.builds(
    Labels,
    reader=st.text(min_size=1, max_size=5),
    sha256=hashes,
    last_event=st.sampled_from(["", "event-1", "event-2"]),
)
rules = st.builds(
    Rules,
    sources=st.sampled_from([("readings",), ("layers",), ("layers", "readings")]),
    readers=st.lists(st.text(max_size=4), max_size=3).map(tuple),
    consensus=st.sampled_from(["vote", "each", "adjudicated"]),
    least_readers=st.integers(1, 4),
    thickest_mm=st.none() | st.floats(0.1, 10),
    phantoms=st.booleans(),
    without=st.lists(uids, max_size=3).map(tuple),
    shares=st.none() | st.sampled_from([(70, 15, 15), (100, 0, 0)]),
    seed=st.integers(0, 9),
)
entries = st.lists(
    st.builds(
        Entry,
        series_uid=uids,
        patient=st.sampled_from(["P1", "P2", "P3"]),
        pixel_hash=hashes,
        split=st.sampled_from(SPLITS),
        labels=st.lists(labels, max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda entry: entry.series_uid,
)


@given(rules, entries, st.randoms())
def test_any_order_of_rows_gives_the_same_id(rules, entries, chance):
    mixed = [replace(e, labels=tuple(chance.sample(e.labels, len(e.labels)))) for e in entries]
    chance.shuffle(mixed)
    one, other = Manifest.of(rules, entries), Manifest.of(rules, mixed)
    assert one == other
    assert one.dataset_id == other.dataset_id


@given(rules, entries)
def test_a_manifest_comes_back_from_its_json(rules, entries):
    manifest = Manifest.of(rules, entries)
    assert Manifest.parse(manifest.canonical()) == manifest


@given(rules, entries, st.data())
def test_any_change_of_content_changes_the_id(rules, entries, data):
    manifest = Manifest.of(rules, entries)
    at = data.draw(st.integers(0, len(entries) - 1))
    old = entries[at]
    others = [split for split in SPLITS if split != old.split]
    changed = data.draw(
        st.sampled_from(
            [
                replace(old, pixel_hash="0" * 64),
                replace(old, split=others[0]),
                replace(old, series_uid="9.9.9"),
                replace(old, labels=(*old.labels, Labels(reader="another", sha256="0" * 64))),
                None,
            ]
        )
    )
    new = [*entries[:at], *([changed] if changed else []), *entries[at + 1 :]]
    assert Manifest.of(rules, new).dataset_id != manifest.dataset_id
    for name, value in {"seed": 99, "least_readers": 9, "readers": ("only",)}.items():
        assert Manifest.of(replace(rules, **{name: value}), entries) != manifest
        other = Manifest.of(replace(rules, **{name: value}), entries)
        assert other.dataset_id != manifest.dataset_id


def entry(uid, patient="P1", split="train", pixels="ab" * 32, said="cd" * 32):
    return Entry(
        series_uid=uid,
        patient=patient,
        pixel_hash=pixels,
        split=split,
        labels=(Labels(reader="ann", sha256=said),),
    )


def test_a_patient_is_named_by_a_series_and_not_by_the_id():
    manifest = Manifest.of(Rules(), [entry("1.9"), entry("1.2"), entry("1.5", "P2")])
    assert [one.patient for one in manifest.entries] == ["1.2", "1.5", "1.2"]
    assert "P1" not in manifest.canonical()


def test_a_series_is_in_a_manifest_once():
    with pytest.raises(ValueError, match="once"):
        Manifest.of(Rules(), [entry("1.2"), entry("1.2", said="ef" * 32)])


def test_numbers_that_are_equal_are_the_same_rules():
    one, other = Rules(thickest_mm=2), Rules(thickest_mm=2.0)
    assert Manifest.of(one, []).dataset_id == Manifest.of(other, []).dataset_id


@pytest.mark.parametrize(
    "wrong",
    [
        {"sources": ()},
        {"sources": ("hearsay",)},
        {"consensus": "loudest"},
        {"least_readers": 0},
        {"shares": (70, 15, 10)},
        {"shares": (120, -10, -10)},
    ],
)
def test_rules_that_cannot_be(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Rules(**wrong)


def test_a_difference_names_what_changed():
    first = Manifest.of(
        Rules(), [entry("1.1"), entry("1.2"), entry("1.3"), entry("1.4"), entry("1.5")]
    )
    second = Manifest.of(
        Rules(seed=3),
        [
            entry("1.2"),
            entry("1.3", said="ef" * 32),
            entry("1.4", split="test"),
            entry("1.5", pixels="ef" * 32),
            entry("1.6"),
        ],
    )
    found = difference(first, second)
    assert (found.added, found.removed) == (("1.6",), ("1.1",))
    assert (found.relabelled, found.other_pixels) == (("1.3",), ("1.5",))
    assert found.moved == {"1.4": ("train", "test")}
    assert found.rules == ("seed",)


@given(rules, entries)
def test_a_version_does_not_differ_from_itself(rules, entries):
    manifest = Manifest.of(rules, entries)
    found = difference(manifest, manifest)
    assert not any((found.added, found.removed, found.relabelled, found.moved, found.rules))


def test_shares_are_of_patients():
    found = [split_of(f"patient {n}", (70, 10, 20), 1) for n in range(10_000)]
    for split, share in zip(SPLITS, (0.7, 0.1, 0.2), strict=True):
        assert found.count(split) / 10_000 == pytest.approx(share, abs=0.015)


@given(st.text(), st.integers(0, 9))
def test_all_of_one_split_is_all(patient, seed):
    for number, split in enumerate(SPLITS):
        shares = tuple(100 * (number == place) for place in range(3))
        assert split_of(patient, shares, seed) == split


def test_the_id_of_a_manifest_is_what_it_always_was():
    entry = Entry(
        series_uid="1.2.3",
        patient="1.2.3",
        pixel_hash="ab" * 32,
        split="train",
        labels=(Labels(reader="ann", sha256="cd" * 32),),
    )
    found = Manifest.of(Rules(), [entry]).dataset_id
    assert found == "cf87efcd38d5ce0b540f72f52052d82995581cfcafb7a5da783e33b121bc14b8"
