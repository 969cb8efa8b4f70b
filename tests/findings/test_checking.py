"""What comes from a browser and cannot be is refused, with its name."""

import math

import pytest

from lungcore.errors import LungcoreError
from lungcore.findings.checking import check
from lungcore.findings.finding import Finding
from lungcore.findings.reading import Held, ReadingState
from lungcore.language import LANGUAGES

FRESH = ReadingState(Held((Finding("1.2", (0.0, 0.0, 0.0), 9.0, 0.9, 0.8),)))
SIGNED = ReadingState(FRESH.held, signed=True)
GEOMETRY = {"center_mm": [1.0, 2.0, 3.0], "diameter_mm": 6}
MEASURED = {"long_mm": 9.1, "short_mm": 7.0, "volume_mm3": 310.0}
NEW = {"finding_uid": "2.25.77", **GEOMETRY}
EDIT = {"finding_uid": "1.2", **GEOMETRY}


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("accept", {"finding_uid": "1.2"}),
        ("reject", {"finding_uid": "1.2"}),
        ("reject", {"finding_uid": "1.2", "reason": "vessel"}),
        ("edit", EDIT),
        ("add", NEW),
        ("add", {**NEW, "reason": "spiculated"}),
        ("add", {**NEW, "axes_mm": [6, 7.5, 8], "calipers_mm": [[0, 0, 0]] * 4}),
        ("edit", {**EDIT, "mask": "0a" * 32, "measured": MEASURED}),
        ("sign", {}),
        ("label", {"finding_uid": "1.2"}),
        ("label", {"finding_uid": "1.2", "attributes": {"calcification": 6}, "lobe": "lingula"}),
        ("label", {"finding_uid": "1.2", "nodule_type": "solid", "confidence": 5, "comment": ""}),
        ("scan", {}),
        ("scan", {"no_nodules": True, "quality": "poor", "excluded": "motion"}),
    ],
)
def test_takes_what_can_be(kind, payload):
    check(FRESH, kind, payload)


@pytest.mark.parametrize(
    ("kind", "payload", "name"),
    [
        ("delete", {}, "kind"),
        (["accept"], {}, "kind"),
        ("accept", ["1.2"], "payload"),
        ("accept", {}, "finding_uid"),
        ("accept", {"finding_uid": 12}, "finding_uid"),
        ("accept", {"finding_uid": "1.2", "state": "accepted"}, "state"),
        ("label", {}, "finding_uid"),
        ("label", {"finding_uid": "1.2", "attributes": {"margin": 6}}, "attributes"),
        ("label", {"finding_uid": "1.2", "attributes": {"margin": 3.0}}, "attributes"),
        ("label", {"finding_uid": "1.2", "attributes": {"margins": 3}}, "attributes"),
        ("label", {"finding_uid": "1.2", "attributes": []}, "attributes"),
        ("label", {"finding_uid": "1.2", "lobe": "middle"}, "lobe"),
        ("label", {"finding_uid": "1.2", "lobe": ["lingula"]}, "lobe"),
        ("label", {"finding_uid": "1.2", "confidence": True}, "confidence"),
        ("label", {"finding_uid": "1.2", "confidence": 0}, "confidence"),
        ("label", {"finding_uid": "1.2", "comment": "x" * 2001}, "comment"),
        ("scan", {"no_nodules": 1}, "no_nodules"),
        ("scan", {"excluded": " "}, "excluded"),
        ("scan", {"quality": "bad"}, "quality"),
        ("reject", {"finding_uid": "1.2", "reason": None}, "reason"),
        ("reject", {"finding_uid": "1.2", "reason": "x" * 2001}, "reason"),
        ("add", {**NEW, "finding_uid": "abc"}, "finding_uid"),
        ("add", {**NEW, "finding_uid": "2.25." + "9" * 60}, "finding_uid"),
        ("add", {**NEW, "finding_uid": "2.25.\u0663"}, "finding_uid"),
        ("add", {**NEW, "finding_uid": "1.2"}, "finding_uid"),
        ("edit", {**EDIT, "center_mm": [1, 2]}, "center_mm"),
        ("edit", {**EDIT, "center_mm": "123"}, "center_mm"),
        ("edit", {**EDIT, "center_mm": [1, 2, math.nan]}, "center_mm"),
        ("edit", {**EDIT, "center_mm": [1, 2, 10**400]}, "center_mm"),
        ("edit", {**EDIT, "diameter_mm": math.inf}, "diameter_mm"),
        ("edit", {**EDIT, "diameter_mm": 0}, "diameter_mm"),
        ("edit", {**EDIT, "diameter_mm": -3.0}, "diameter_mm"),
        ("edit", {**EDIT, "diameter_mm": True}, "diameter_mm"),
        ("edit", {**EDIT, "diameter_mm": "6"}, "diameter_mm"),
        ("edit", {**EDIT, "axes_mm": [1, 2]}, "axes_mm"),
        ("edit", {**EDIT, "axes_mm": [1, 2, 0]}, "axes_mm"),
        ("edit", {**EDIT, "axes_mm": None}, "axes_mm"),
        ("edit", {**EDIT, "mask": "0A" * 32}, "mask"),
        ("edit", {**EDIT, "mask": "../secret"}, "mask"),
        ("edit", {**EDIT, "calipers_mm": [[0, 0, 0]] * 3}, "calipers_mm"),
        ("edit", {**EDIT, "calipers_mm": [[0, 0, 0]] * 3 + [[0, 0]]}, "calipers_mm"),
        ("edit", {**EDIT, "measured": {"long_mm": 1}}, "measured"),
        ("edit", {**EDIT, "measured": MEASURED | {"short_mm": math.nan}}, "measured"),
        ("accept", {"finding_uid": "1.2", "mask": "0a" * 32}, "mask"),
        ("undo", {"event_uid": None}, "event_uid"),
        ("redo", {}, "event_uid"),
    ],
)
def test_names_the_field_that_cannot_be(kind, payload, name):
    with pytest.raises(LungcoreError) as refused:
        check(FRESH, kind, payload)
    assert refused.value.key == "findings.invalid"
    assert refused.value.values == {"name": name}


@pytest.mark.parametrize(
    ("state", "kind", "payload", "key"),
    [
        (FRESH, "accept", {"finding_uid": "1.9"}, "findings.unknown"),
        (FRESH, "undo", {"event_uid": "e1"}, "findings.nothing_to_undo"),
        (FRESH, "redo", {"event_uid": "e1"}, "findings.nothing_to_redo"),
        (FRESH, "reopen", {"reason": "look again"}, "findings.not_signed"),
        (SIGNED, "accept", {"finding_uid": "1.2"}, "findings.signed"),
        (SIGNED, "sign", {}, "findings.signed"),
        (SIGNED, "reopen", {"reason": "  "}, "findings.reason_missing"),
        (SIGNED, "reopen", {}, "findings.reason_missing"),
    ],
)
def test_tells_what_the_state_forbids(state, kind, payload, key):
    with pytest.raises(LungcoreError) as refused:
        check(state, kind, payload)
    assert refused.value.key == key
    for language in LANGUAGES:
        assert refused.value.text(language)


def test_no_nodules_cannot_be_said_beside_marks():
    marked = ReadingState(Held((Finding("2.25.1", (0.0, 0.0, 0.0), 9.0, state="added"),)))
    with pytest.raises(LungcoreError) as refused:
        check(marked, "scan", {"no_nodules": True})
    assert (refused.value.key, refused.value.values) == ("findings.no_nodules_but", {"n": 1})
    check(marked, "scan", {"no_nodules": False, "quality": "good"})
