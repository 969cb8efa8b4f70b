"""Signing in: sessions that end, failures that count, and nothing told to who guesses."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from lungcore.errors import LungcoreError
from lungcore.records import accounts, audit
from lungcore.records.database import snapshot, transaction

PASSWORD = "correct horse battery"
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def ann(engine):
    with transaction(engine) as session:
        return accounts.add_account(session, "ann", PASSWORD)


def _sign_in(engine, username="ann", password=PASSWORD, now=NOON):
    with transaction(engine) as session:
        return accounts.sign_in(session, username, password, now=now)


def _who(engine, token, now):
    """As the door asks at every request."""
    with snapshot(engine) as session:
        account = accounts.account_of_session(session, token, now=now)
        is_due = accounts.is_due(session, token, now=now)
    if account is not None and is_due:
        with transaction(engine) as session:
            accounts.note_seen(session, token, now=now)
    return account


def _fails(engine, key, username="ann", password="wrong password", now=NOON):
    with pytest.raises(LungcoreError) as refused:
        _sign_in(engine, username, password, now)
    assert refused.value.key == f"records.{key}"
    return refused.value


def test_signs_in_and_out(engine, ann):
    account, token = _sign_in(engine, " ANN")
    assert account == ann
    assert len(token) >= 43  # 32 bytes in base64
    assert _who(engine, token, NOON) == ann
    with engine.connect() as connection:
        assert token not in connection.execute(text("SELECT token_sha256 FROM login")).scalars()
    with transaction(engine) as session:
        accounts.sign_out(session, token)
    assert _who(engine, token, NOON) is None
    assert _who(engine, "", NOON) is None


def test_a_session_slides_twelve_hours_at_a_time(engine, ann):
    _, token = _sign_in(engine)
    assert _who(engine, token, NOON + 11 * HOUR) == ann
    assert _who(engine, token, NOON + 22 * HOUR) == ann
    assert _who(engine, token, NOON + 34 * HOUR + MINUTE) is None


def test_a_session_ends_after_seven_days_of_use(engine, ann):
    _, token = _sign_in(engine)
    for half_day in range(1, 15):
        assert _who(engine, token, NOON + half_day * 12 * HOUR) == ann
    assert _who(engine, token, NOON + 7 * DAY + MINUTE) is None


def test_being_seen_is_written_once_a_minute(engine, ann):
    _, token = _sign_in(engine)

    def seen():
        with engine.connect() as connection:
            return connection.execute(text("SELECT last_seen_at FROM login")).scalar_one()

    first = seen()
    _who(engine, token, NOON + timedelta(seconds=59))
    assert seen() == first
    _who(engine, token, NOON + timedelta(seconds=61))
    assert seen() != first


def test_five_failures_lock_the_name_for_a_quarter_of_an_hour(engine, ann):
    for n in range(5):
        _fails(engine, "sign_in_failed", now=NOON + n * MINUTE)
    locked = _fails(engine, "locked", password=PASSWORD, now=NOON + 5 * MINUTE)
    assert locked.values == {"n": 10}
    assert _sign_in(engine, now=NOON + 15 * MINUTE + timedelta(seconds=1))[0] == ann


def test_success_clears_the_failures(engine, ann):
    for _ in range(2):
        for _ in range(4):
            _fails(engine, "sign_in_failed")
        _sign_in(engine)


def test_an_unknown_name_is_answered_and_locked_like_a_known_one(engine, ann, monkeypatch):
    hashes = []
    monkeypatch.setattr(
        "lungcore.records.logins.PasswordHasher.hash", lambda self, word: hashes.append(word)
    )
    known, unknown = (
        _fails(engine, "sign_in_failed", name).text() for name in ("ann", "secret typed here")
    )
    assert known == unknown
    assert hashes == ["wrong password"]  # as much work as for the name that is known
    for _ in range(4):
        _fails(engine, "sign_in_failed", "secret typed here")
    _fails(engine, "locked", "secret typed here")


def test_failures_and_successes_are_audited_without_what_was_typed(engine, ann):
    _fails(engine, "sign_in_failed")
    _fails(engine, "sign_in_failed", "my password by mistake")
    _sign_in(engine)
    with snapshot(engine) as session:
        assert audit.verify(session) == 4
        lines = session.execute(text("SELECT actor, action FROM audit ORDER BY seq")).all()
    assert [tuple(line) for line in lines[1:]] == [
        ("ann", "sign_in.failed"),
        ("unknown", "sign_in.failed"),
        ("ann", "sign_in.done"),
    ]


def test_a_new_password_and_disabling_end_every_session(engine, ann):
    _, token = _sign_in(engine)
    with transaction(engine) as session:
        accounts.set_password(session, ann.account_id, "another long password", actor="root")
    assert _who(engine, token, NOON) is None
    _fails(engine, "sign_in_failed", password=PASSWORD)
    _, token = _sign_in(engine, password="another long password")
    with transaction(engine) as session:
        accounts.disable(session, ann.account_id)
    assert _who(engine, token, NOON) is None
    _fails(engine, "sign_in_failed", password="another long password")


def test_an_owner_changes_the_password_by_the_present_one(engine, ann):
    new = "another long password"
    with pytest.raises(LungcoreError) as refused, transaction(engine) as session:
        accounts.change_password(session, ann.account_id, "wrong password", new)
    assert refused.value.key == "records.password_wrong"
    with transaction(engine) as session:
        accounts.change_password(session, ann.account_id, PASSWORD, new)
    assert _sign_in(engine, password=new)[0] == ann
