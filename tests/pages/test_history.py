"""The page of a history: changes in words, any past state, and nothing hidden."""

import pytest
from streamlit.testing.v1 import AppTest

from lungcore.records import accounts, database, readings
from tests.pages.conftest import ROOT
from tests.pages.test_rounds import UIDS, stored  # noqa: F401 - a fixture

ACTS = (
    ("add", {"finding_uid": "2.25.9", "center_mm": [1, 2, 3], "diameter_mm": 5}),
    ("label", {"finding_uid": "2.25.9", "attributes": {"margin": 4}, "lobe": "lingula"}),
    ("reject", {"finding_uid": "2.25.9", "reason": "scar"}),
    ("scan", {"no_nodules": True, "quality": "poor"}),
    ("sign", {}),
    ("reopen", {"reason": "more to say"}),
)


def act(services, username, acts=ACTS) -> None:
    with database.transaction(services.engine) as session:
        [account] = [a for a in accounts.list_accounts(session) if a.username == username]
        reading = readings.open_reading(session, UIDS[0], account.account_id)
        for kind, payload in acts:
            reading = readings.append(
                session,
                reading.reading_id,
                event_uid=f"{username} {reading.version}",
                kind=kind,
                payload=payload,
                account_id=account.account_id,
                expected_version=reading.version,
            )


def history(series_uid: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / "history.py"), default_timeout=30)
    page.query_params["series"] = series_uid
    return page.run()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Dr Reader", "5.0 mm at (1.0, 2.0, 3.0) mm", "scar", "poor", "more to say")),
        ("zh", ("Dr Reader", "5.0 mm，位于 (1.0, 2.0, 3.0) mm", "瘢痕", "more to say")),
    ],
)
def test_changes_and_past_states_are_told(services, stored, sign_in, language, words) -> None:  # noqa: F811
    sign_in("annotator", language=language)
    act(services, "reader")
    page = history(UIDS[0])
    assert not page.exception
    changes, state = (str(table.value.to_numpy().tolist()) for table in page.dataframe)
    assert len(page.dataframe[0].value) == len(ACTS)
    assert all(word in changes for word in words)
    assert words[2] in state
    page.slider[0].set_value(1).run()
    earlier = str(page.dataframe[1].value.to_numpy().tolist())
    assert words[1] in earlier and words[2] not in earlier
    page.slider[0].set_value(0).run()
    assert page.dataframe[1].value.empty


def test_others_stay_hidden_until_both_have_signed(services, stored, sign_in) -> None:  # noqa: F811
    sign_in("annotator")
    with database.transaction(services.engine) as session:
        accounts.add_account(
            session, "other", "a long passphrase", display_name="Dr Other", roles=("annotator",)
        )
    act(services, "other", ACTS[:5])
    assert history(UIDS[0]).info
    act(services, "reader", ACTS[3:5])
    page = history(UIDS[0])
    assert len(page.selectbox[0].options) == 2
    assert "Dr Reader" in page.selectbox[0].options[0]


def test_an_unknown_series_has_no_history(services, sign_in) -> None:
    sign_in("annotator")
    page = history("9.9.9")
    assert page.error and not page.dataframe
