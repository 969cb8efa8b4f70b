"""Accounts, their roles and the set-up of a fresh installation."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from lungcore.errors import LungcoreError
from lungcore.records import accounts, audit
from lungcore.records.database import snapshot, transaction
from lungcore.records.tables import AuditRow

PASSWORD = "correct horse battery"


@pytest.fixture
def session(engine):
    with transaction(engine) as session:
        yield session


def _refused(key, act, *args, **kwargs):
    with pytest.raises(LungcoreError) as refused:
        act(*args, **kwargs)
    assert refused.value.key == key


def test_an_account_is_kept_without_its_password(session):
    assert not accounts.any_account(session)
    ann = accounts.add_account(
        session, " Ann ", PASSWORD, roles=["annotator", "clinician"], language="zh", actor="root"
    )
    assert (ann.username, ann.display_name, ann.language) == ("ann", "Ann", "zh")
    assert ann.roles == {"annotator", "clinician"}
    assert accounts.any_account(session)
    assert accounts.list_accounts(session) == [ann]
    stored = session.execute(text("SELECT password_hash FROM account")).scalar_one()
    assert stored.startswith("$argon2id$")
    lines = [(r.actor, r.action, r.subject, r.detail) for r in session.query(AuditRow)]
    assert lines == [("root", "account.added", "ann", '{"roles":["annotator","clinician"]}')]


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "a\nb", "<b>"])
def test_names_that_cannot_be(session, name):
    _refused("records.username_invalid", accounts.add_account, session, name, PASSWORD)


def test_names_in_any_script_and_once_whatever_their_case(session):
    accounts.add_account(session, "王小明", PASSWORD)
    accounts.add_account(session, "ann.lee@ward-3", PASSWORD)
    _refused("records.username_taken", accounts.add_account, session, "ANN.Lee@ward-3", PASSWORD)


def test_weak_passwords_are_refused(session):
    _refused("records.password_length", accounts.add_account, session, "ann", "x" * 11)
    _refused("records.password_length", accounts.add_account, session, "ann", "x" * 257)
    name = "anna.the.first"
    _refused("records.password_is_username", accounts.add_account, session, name, name.upper())


def test_unknown_roles_and_languages_are_the_callers_mistake(session):
    with pytest.raises(ValueError, match="roles"):
        accounts.add_account(session, "ann", PASSWORD, roles=["boss"])
    with pytest.raises(ValueError, match="language"):
        accounts.add_account(session, "ann", PASSWORD, language="xx")
    with pytest.raises(ValueError, match="account_id"):
        accounts.set_language(session, 99, "zh")


def test_language_is_remembered(session):
    ann = accounts.add_account(session, "ann", PASSWORD)
    accounts.set_language(session, ann.account_id, "zh")
    assert accounts.list_accounts(session)[0].language == "zh"


def test_the_last_administrator_stays(session):
    ann = accounts.add_account(session, "ann", PASSWORD, roles=["administrator"])
    bob = accounts.add_account(session, "bob", PASSWORD, roles=["administrator"])
    accounts.disable(session, ann.account_id, actor="bob")
    assert accounts.list_accounts(session)[0].disabled
    _refused("records.last_administrator", accounts.disable, session, bob.account_id)


def test_set_up_happens_once_with_the_newest_token(engine):
    with transaction(engine) as session:
        older = accounts.setup_token(session)
    with transaction(engine) as session:
        newer = accounts.setup_token(session)
        stored = session.execute(text("SELECT token_sha256 FROM setup")).scalars().all()
        assert len(stored) == 1 and newer not in stored
    with transaction(engine) as session:
        wrong = "records.setup_token_wrong"
        _refused(wrong, accounts.set_up, session, older, "ann", PASSWORD, "")
        _refused(wrong, accounts.set_up, session, "", "ann", PASSWORD, "")
        first = accounts.set_up(session, newer, "ann", PASSWORD, "Dr Ann")
    assert first.roles == set(accounts.ROLES)
    assert first.display_name == "Dr Ann"
    with transaction(engine) as session:
        assert accounts.setup_token(session) is None
        done = "records.already_set_up"
        _refused(done, accounts.set_up, session, newer, "eve", PASSWORD, "")
    with snapshot(engine) as session:
        assert audit.verify(session) == 1


def test_no_token_was_given_out_no_account_is_made(session):
    _refused("records.setup_token_wrong", accounts.set_up, session, "", "eve", PASSWORD, "")


def test_a_password_is_changed_by_who_knows_the_present_one(engine):
    with transaction(engine) as session:
        ann = accounts.add_account(session, "ann", PASSWORD)
    with pytest.raises(LungcoreError) as refused, transaction(engine) as session:
        accounts.change_password(session, ann.account_id, "something else", "another passphrase")
    assert refused.value.key == "records.password_wrong"
    with transaction(engine) as session:
        accounts.change_password(session, ann.account_id, PASSWORD, "another passphrase")
        assert (
            accounts.sign_in(session, "ann", "another passphrase", now=datetime.now(UTC))[0] == ann
        )
