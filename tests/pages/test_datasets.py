"""The pages of datasets and of agreement: for whom they are."""

import pytest


@pytest.mark.parametrize("name", ["datasets", "agreement"])
def test_they_are_not_for_clinicians(sign_in, run, name) -> None:
    sign_in("clinician", "annotator")
    page = run(name)
    assert "model owner" in page.error[0].value
    assert not page.dataframe


@pytest.mark.parametrize(
    ("name", "role"), [("datasets", "model_owner"), ("agreement", "adjudicator")]
)
def test_an_empty_store_says_what_to_do(sign_in, run, name, role) -> None:
    sign_in(role)
    page = run(name)
    assert not page.exception
    assert page.info


def test_a_rule_that_chooses_nothing_is_told(sign_in, run) -> None:
    sign_in("model_owner")
    page = run("datasets")
    next(one for one in page.button if "Show" in one.label).click().run()
    assert "No series is left" in page.warning[0].value
