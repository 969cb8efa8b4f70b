from lungcore.findings.attributes import SCALES
from lungcore.findings.finding import Finding
from lungcore.web.describe import describe_finding


def test_a_finding_says_its_attributes_in_words():
    attributes = dict(SCALES) | {"lobulation": 1.0, "texture": 3.0}  # all others at their highest
    found = describe_finding(Finding("2.25.1", (1.0, 2.0, 3.0), 8.0, attributes=attributes))
    assert found["words"] == ("subsolid", "spiculated")
    assert found["attributes"] == attributes


def test_a_readers_own_mark_has_no_words():
    assert describe_finding(Finding("2.25.1", (1.0, 2.0, 3.0), 8.0))["words"] == ()
