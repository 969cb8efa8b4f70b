"""The review page needs a series."""


def test_without_a_series_it_leads_to_the_worklist(sign_in, run) -> None:
    sign_in("clinician")
    page = run("review")
    assert "worklist" in page.info[0].value
