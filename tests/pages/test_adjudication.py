"""The pages of adjudication: for whom they are, and what they list."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from lungcore.findings.labels import Drawn, DrawnSet
from lungcore.records import database, label_files, label_layers
from lungcore.records.label_files import LabelFile
from tests.pages.conftest import ROOT
from tests.web.test_comparing import add

UIDS = ("1.2.1", "1.2.2", "1.2.3")


@pytest.fixture
def disputed(services) -> None:
    """One reader of the first series, two who agree of the second, two who do not of the third."""
    for uid in UIDS:
        who = {"patient_id": f"P{uid}", "patient_name": f"DOE^<J>{uid}"}
        add(services, uid, 9.0, 20, study_date="2026-03-01", **who)
    with database.transaction(services.engine) as session:
        for uid, sizes in zip(UIDS, ([6.0], [6.0, 6.0], [6.0, 9.0]), strict=True):
            file = LabelFile(sha256=f"{sum(map(ord, uid)):064x}", file_name="a.json", format="json")
            label_files.keep_file(session, file, None)
            sets = [
                DrawnSet(
                    series_uid=uid,
                    reader=reader,
                    marks=(Drawn(name="1", center=(6.0, 5.0, 11.0), diameter_mm=diameter_mm),),
                )
                for reader, diameter_mm in zip(("ann", "bob"), sizes, strict=False)
            ]
            label_layers.add(session, file, uid, sets, services.masks)


def table(page) -> str:
    return "".join(one.proto.body for one in page.get("html"))


@pytest.mark.parametrize("name", ["adjudication", "adjudicate"])
def test_they_are_for_adjudicators(sign_in, run, name) -> None:
    sign_in("clinician", "annotator", "model_owner", "administrator")
    assert "adjudicator" in run(name).error[0].value


def test_without_disputes_it_says_so(services, sign_in, run) -> None:
    sign_in("adjudicator")
    page = run("adjudication")
    assert not page.exception
    assert "No readers disagree" in page.info[0].value
    assert run("adjudicate").info


@pytest.mark.parametrize(("language", "word"), [("en", "Disputed nodules"), ("zh", "有分歧的结节")])
def test_disputed_series_are_listed_with_a_link(
    services, disputed, sign_in, run, language, word
) -> None:
    sign_in("adjudicator", language=language)
    page = run("adjudication")
    assert not page.exception
    told = table(page)
    assert word in told
    assert 'href="adjudicate?series=1.2.3"' in told
    assert "1.2.1" not in told and "1.2.2" not in told
    assert "DOE^&lt;J&gt;1.2.3" in told
    page.text_input[0].input("nobody").run()
    assert "1.2.3" not in table(page)


def test_the_case_is_mounted(disputed, sign_in) -> None:
    sign_in("adjudicator")
    page = AppTest.from_file(str(ROOT / "pages" / "adjudicate.py"), default_timeout=30)
    page.query_params["series"] = "1.2.3"
    page.run()
    assert not page.exception
    [component] = page.get("bidi_component")
    data = json.loads(component.proto.json)
    assert data["series_uid"] == "1.2.3"
    assert data["texts"]["adjudicate_decide"] and data["texts"]["opening"]
