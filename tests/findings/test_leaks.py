"""The leak guard: it names what it found, and is silent when there is nothing."""

import pytest

from lungcore.findings.dataset import Entry
from lungcore.findings.leaks import MOST_TOLD, Ancestor, leaks


def entry(uid, patient, split="train", pixels=None):
    pixel_hash = pixels or f"pixels of {uid}"
    return Entry(series_uid=uid, patient=patient, pixel_hash=pixel_hash, split=split, labels=())


def guard(entries, *ancestors, more=None):
    series_of = {}
    for one in entries:
        series_of.setdefault(one.patient, []).append(one.series_uid)
    for patient, uids in (more or {}).items():
        series_of[patient] += uids
    return leaks(entries, series_of, ancestors)


CLEAN = [entry("1.1", "P1"), entry("1.2", "P1"), entry("1.3", "P2", "test")]


def test_a_clean_version_passes():
    assert guard(CLEAN, Ancestor("detector", {"1.1", "1.2"}.__contains__)) == []


def test_a_patient_in_two_splits_is_found_with_both_series():
    [leak] = guard([*CLEAN, entry("1.4", "P2")])
    assert leak.key == "datasets.leak_patients"
    assert "1.3 (test), 1.4 (train)" in leak.text()
    assert "P2" not in leak.text()


def test_the_same_pixels_under_two_ids_are_found_in_one_split_too():
    [leak] = guard([entry("1.1", "P1", pixels="same"), entry("1.2", "P1", pixels="same")])
    assert leak.key == "datasets.leak_pixels"
    assert "1.1 = 1.2" in leak.text()


def test_a_test_patient_that_a_model_learnt_from_is_found():
    [leak] = guard(CLEAN, Ancestor("detector 0.3", {"1.3"}.__contains__))
    assert leak.key == "datasets.leak_learnt"
    assert "detector 0.3" in leak.text()
    assert "1.3" in leak.text()


def test_another_scan_of_a_test_patient_counts_even_outside_the_version():
    ancestor = Ancestor("detector", {"5.5"}.__contains__)
    [leak] = guard(CLEAN, ancestor, more={"P2": ["5.5"]})
    assert "1.3 (5.5)" in leak.text()
    assert guard(CLEAN, ancestor, more={"P1": ["5.5"]}) == [], "P1 is trained on"


def test_every_ancestor_is_asked_and_every_leak_told():
    entries = [*CLEAN, entry("1.4", "P2", pixels="pixels of 1.1")]
    found = guard(entries, *(Ancestor(name, {"1.3"}.__contains__) for name in "ab"))
    assert [leak.key.split("_")[1] for leak in found] == ["patients", "pixels", "learnt", "learnt"]


@pytest.mark.parametrize("count", [MOST_TOLD, MOST_TOLD + 1])
def test_many_are_counted_and_some_named(count):
    entries = [entry(f"1.{n}", f"P{n}", "test") for n in range(count)]
    [leak] = guard(entries, Ancestor("detector", lambda _: True))
    assert leak.values["n"] == count
    assert leak.values["series"].endswith("…") == (count > MOST_TOLD)
