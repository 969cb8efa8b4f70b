"""What the adjudicator's page is told, and what it may do."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lungcore.findings.labels import Drawn, DrawnSet
from lungcore.records import accounts, database, label_files, label_layers, label_sources
from lungcore.records.label_files import LabelFile
from lungcore.records.tables import AuditRow
from lungcore.web.cookies import SESSION_COOKIE
from lungcore.web.services import Services
from tests.web.conftest import PASSWORD
from tests.web.test_comparing import LATER, add

CASE = f"/api/series/{LATER}/adjudication"
PLACE, FAR = (6.0, 5.0, 11.0), (12.0, 9.0, 30.0)


@pytest.fixture
def case(services: Services) -> None:
    """Ann marked two nodules, Bob the first of them, larger."""
    add(services, LATER, 9.0, 20, study_date="2026-03-01")
    marks = {"ann": ((PLACE, 6.0), (FAR, 5.0)), "bob": ((PLACE, 9.0),)}
    file = LabelFile(sha256="0a" * 32, file_name="a.json", format="json")
    sets = [
        DrawnSet(
            series_uid=LATER,
            reader=reader,
            marks=tuple(
                Drawn(name=str(n), center=center, diameter_mm=diameter_mm)
                for n, (center, diameter_mm) in enumerate(drawn)
            ),
        )
        for reader, drawn in marks.items()
    ]
    with database.transaction(services.engine) as session:
        label_files.keep_file(session, file, None)
        label_layers.add(session, file, LATER, sets, services.masks)


@pytest.fixture
def adjudicator(services: Services, app: Starlette, case: None) -> TestClient:
    with database.transaction(services.engine) as session:
        accounts.add_account(
            session, "judge", PASSWORD, display_name="Dr Judge", roles=("adjudicator",)
        )
        _, token = accounts.sign_in(session, "judge", PASSWORD, now=datetime.now(UTC))
    client = TestClient(app, base_url="http://testserver", follow_redirects=False)
    client.cookies.set(SESSION_COOKIE, services.cookies.signed(token))
    return client


def act(client: TestClient, kind: str, **payload):
    seq = client.get(CASE).json()["seq"]
    return client.post(CASE, json={"seq": seq, "kind": kind, "payload": payload})


def test_it_is_for_adjudicators(reader: TestClient, case: None) -> None:
    for answer in (reader.get(CASE), act_blindly(reader)):
        assert answer.status_code == 422
        assert "adjudicator" in answer.json()["error"]


def act_blindly(client: TestClient):
    return client.post(CASE, json={"seq": 0, "kind": "begin", "payload": {}})


def test_looking_changes_nothing_and_is_audited(
    services: Services, adjudicator: TestClient
) -> None:
    told = adjudicator.get(CASE).json()
    assert (told["seq"], told["is_begun"], told["groups"], told["readers"]) == (0, False, [], [])
    assert told["series"]["series_uid"] == LATER
    assert told["pixels"]["chunks"] == 2
    with database.snapshot(services.engine) as session:
        opened = select(AuditRow.actor).where(AuditRow.action == "adjudication.opened")
        assert len(session.scalars(opened).all()) == 1


def test_groups_are_told_by_reader_the_disputed_first(adjudicator: TestClient) -> None:
    told = act(adjudicator, "begin").json()
    assert sorted(told["readers"]) == ["ann", "bob"]
    ann = told["readers"].index("ann")
    far, near = told["groups"]
    assert far["disputes"] == ["presence"] and not far["is_voted"]
    assert [mark["reader"] for mark in far["marks"]] == [ann]
    assert near["disputes"] == ["diameter"] and near["is_voted"]
    assert {m["reader"]: m["diameter_mm"] for m in near["marks"]} == {ann: 6.0, 1 - ann: 9.0}
    assert far["decision"] is None
    assert "marks" not in str(told["history"])


def test_from_a_decision_to_a_layer(services: Services, adjudicator: TestClient) -> None:
    act(adjudicator, "begin")
    refused = act(adjudicator, "decide", group=0, nodule=False, reason=" ")
    assert refused.status_code == 422
    assert "reason" in refused.json()["error"]
    told = act(adjudicator, "decide", group=0, nodule=False, reason="a vessel").json()
    assert told["groups"][0]["decision"]["reason"] == "a vessel"
    assert act(adjudicator, "finish").status_code == 422
    act(adjudicator, "rest", method="staple", reason="as both")
    told = act(adjudicator, "finish").json()
    assert told["is_finished"] and told["counts"] == told["seq"] == 4
    assert [line["kind"] for line in told["history"]] == ["begin", "decide", "rest", "finish"]
    assert {line["by"] for line in told["history"]} == {"Dr Judge"}
    with database.snapshot(services.engine) as session:
        labels = label_sources.adjudicated(session)[LATER].marks
    assert [mark.diameter_mm for mark in labels.marks] == [7.5]


def test_another_tab_is_told_how_it_stands(adjudicator: TestClient) -> None:
    act(adjudicator, "begin")
    late = act_blindly(adjudicator)
    assert late.status_code == 409
    assert late.json()["seq"] == 1
    assert late.json()["error"]


@pytest.mark.parametrize(
    "body",
    [
        {"seq": 1, "kind": ["begin"], "payload": {}},
        {"seq": 1, "kind": "decide", "payload": None},
        {"seq": 1, "kind": "decide", "payload": {"group": [0], "nodule": 1, "reason": "x"}},
        {"kind": "finish", "payload": {}},
    ],
)
def test_what_is_no_event_is_refused(adjudicator: TestClient, body: dict) -> None:
    act(adjudicator, "begin")
    assert adjudicator.post(CASE, json=body).status_code == 422
