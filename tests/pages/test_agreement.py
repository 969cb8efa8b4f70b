"""The page of agreement: what it shows of readers, and what a round keeps from who looks."""

import uuid

import pytest

from lungcore.records import database, readings
from tests.pages import test_rounds
from tests.pages.test_rounds import UIDS, account_ids, add_reader, label, make

stored = test_rounds.stored


def read(services, uid: str, account_id: int) -> None:
    """The account marks the place where labels are, and signs."""
    mark = {"finding_uid": "2.25.1", "center_mm": [0.0, 0.0, 0.0], "diameter_mm": 9.0}
    with database.transaction(services.engine) as session:
        reading = readings.open_reading(session, uid, account_id)
        for kind, payload in (("add", mark), ("sign", {})):
            reading = readings.append(
                session,
                reading.reading_id,
                event_uid=str(uuid.uuid4()),
                kind=kind,
                payload=payload,
                account_id=account_id,
                expected_version=reading.version,
            )


def show_references(page):
    page.segmented_control[0].set_value("references").run()
    assert not page.exception
    return page


@pytest.mark.parametrize(("language", "word"), [("en", "No reference case"), ("zh", "参考病例")])
def test_without_reference_cases_it_says_what_to_do(sign_in, run, language, word) -> None:
    sign_in("adjudicator", language=language)
    assert word in show_references(run("agreement")).info[0].value


def test_readers_are_scored_on_reference_cases(services, stored, sign_in, run) -> None:
    sign_in("model_owner")
    bob = add_reader(services, "bob")
    make(services, account_ids=[bob], answers=[label(services, UIDS[0], "consensus")])
    read(services, UIDS[0], bob)
    read(services, UIDS[1], bob)
    page = show_references(run("agreement"))
    [row] = page.dataframe[0].value.to_dict("records")
    assert (row["Reader"], row["Scans scored"], row["Nodules found"]) == (
        "Dr bob (bob)",
        1,
        "1 / 1",
    )
    assert row["Sensitivity (95 %)"] == "1.00 (0.21, 1.00)"
    assert row["Mean absolute diameter error, mm"] == "1.00"
    assert row["Kappa of malignancy"] == "–"


def test_readers_are_told_month_by_month(services, stored, sign_in, run) -> None:
    sign_in("model_owner")
    bob = add_reader(services, "bob")
    label(services, UIDS[0], "consensus")
    read(services, UIDS[0], bob)
    page = run("agreement")
    assert not page.exception
    [months] = [one.value for one in page.dataframe if "Month" in one.value]
    [row] = months.to_dict("records")
    assert (row["Reader"], row["Both marked"]) == (f"account-{bob}", 1)


def test_what_a_round_hides_from_who_looks_is_not_shown(services, stored, sign_in, run) -> None:
    sign_in("model_owner", "annotator")
    own = account_ids(services)[0]
    bob = add_reader(services, "bob")
    answer = label(services, UIDS[0], "consensus")
    label(services, UIDS[0], "other")
    assert run("agreement").dataframe
    make(
        services,
        account_ids=[own, bob],
        reads=2,
        made_by=add_reader(services, "max"),
        series_uids=UIDS[:1],
        answers=[answer],
    )
    read(services, UIDS[0], bob)
    page = run("agreement")
    assert not page.exception and not page.dataframe
    assert "Fewer than two readers" in page.info[0].value
    assert "No reference case" in show_references(page).info[0].value
