"""Accounts: who may sign in, and in which roles.

Passwords are kept as Argon2id hashes (RFC 9106) with the library's parameters.
"""

import re
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime

from argon2 import PasswordHasher
from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.language import DEFAULT_LANGUAGE, LANGUAGES
from lungcore.records import audit
from lungcore.records.identity import ROLES, SYSTEM, Account, canonical_name, find_account
from lungcore.records.logins import (
    account_of_session,
    confirm,
    is_due,
    is_right,
    note_seen,
    sign_in,
    sign_out,
)
from lungcore.records.tables import AccountRow, LoginRow, SetupRow
from lungcore.records.tokens import hashed, new_token

__all__ = [
    "ROLES",
    "Account",
    "account_of_session",
    "add_account",
    "any_account",
    "canonical_name",
    "change_password",
    "confirm",
    "disable",
    "enable",
    "is_due",
    "list_accounts",
    "note_seen",
    "set_language",
    "set_password",
    "set_up",
    "setup_token",
    "sign_in",
    "sign_out",
]

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 256


def add_account(
    session: Session,
    username: str,
    password: str,
    *,
    display_name: str = "",
    roles: Iterable[str] = ("clinician",),
    language: str = DEFAULT_LANGUAGE,
    actor: str = SYSTEM,
) -> Account:
    """Add an account; `actor` is the user name of who does so.

    Raises LungcoreError for a name that is taken or cannot be, and for a weak password;
    ValueError for an unknown role or language.
    """
    name, granted = canonical_name(username), sorted(set(roles))
    # The audit trail calls what nobody signed in for SYSTEM's.
    if not re.fullmatch(r"[\w.@-]{1,64}", name) or name == SYSTEM:
        raise LungcoreError("records.username_invalid")
    if unknown := set(granted) - set(ROLES):
        raise ValueError(f"roles cannot be {sorted(unknown)}; known: {', '.join(ROLES)}")
    _check_language(language)
    _check_password(name, password)
    if session.scalar(select(exists().where(AccountRow.username == name))):
        raise LungcoreError("records.username_taken", username=name)
    row = AccountRow(
        username=name,
        display_name=display_name.strip() or username.strip(),
        password_hash=PasswordHasher().hash(password),
        roles=granted,
        language=language,
        disabled=False,
        created_at=datetime.now(UTC),
    )
    session.add(row)
    session.flush()
    _tell(session, actor, "account.added", row, {"roles": granted})
    return Account.of_row(row)


def list_accounts(session: Session) -> list[Account]:
    """All accounts by user name."""
    rows = session.scalars(select(AccountRow).order_by(AccountRow.username))
    return [Account.of_row(row) for row in rows]


def any_account(session: Session) -> bool:
    """Whether there is an account at all."""
    return bool(session.scalar(select(exists().where(AccountRow.account_id.is_not(None)))))


def set_language(session: Session, account_id: int, language: str) -> None:
    """Remember the language of the account's pages. Raises ValueError for an unknown one."""
    _check_language(language)
    find_account(session, account_id).language = language


def set_password(session: Session, account_id: int, password: str, *, actor: str = SYSTEM) -> None:
    """Give the account a new password and sign it out everywhere.

    Raises LungcoreError for a weak password.
    """
    row = find_account(session, account_id)
    _check_password(row.username, password)
    row.password_hash = PasswordHasher().hash(password)
    _sign_out_everywhere(session, row)
    _tell(session, actor, "account.password_set", row, {})


def change_password(session: Session, account_id: int, present: str, new: str) -> None:
    """Give the account a new password at its owner's wish, who must know the present one.

    Raises LungcoreError for a wrong present or a weak new password.
    """
    row = find_account(session, account_id)
    if not is_right(row.password_hash, present):
        raise LungcoreError("records.password_wrong")
    set_password(session, account_id, new, actor=row.username)


def disable(session: Session, account_id: int, *, actor: str = SYSTEM) -> None:
    """Let the account sign in no more, and sign it out everywhere.

    Raises LungcoreError for the last administrator: nobody could let anybody in again.
    """
    row = find_account(session, account_id)
    active = {a.account_id for a in list_accounts(session) if a.is_administrator}
    if active == {account_id}:
        raise LungcoreError("records.last_administrator", username=row.username)
    row.disabled = True
    _sign_out_everywhere(session, row)
    _tell(session, actor, "account.disabled", row, {})


def enable(session: Session, account_id: int, *, actor: str = SYSTEM) -> None:
    """Let a disabled account sign in again."""
    row = find_account(session, account_id)
    row.disabled = False
    _tell(session, actor, "account.enabled", row, {})


def setup_token(session: Session) -> str | None:
    """A new one-time token for the first account, in the place of any older; None when set up."""
    if any_account(session):
        return None
    token = new_token()
    session.execute(delete(SetupRow))
    session.add(SetupRow(token_sha256=hashed(token)))
    session.flush()
    return token


def set_up(
    session: Session, token: str, username: str, password: str, display_name: str
) -> Account:
    """Make the first account, with every role; the token is spent.

    Raises LungcoreError when there is an account already or the token is not the one given out.
    """
    stored = session.scalar(select(SetupRow.token_sha256).with_for_update())
    if any_account(session):
        raise LungcoreError("records.already_set_up")
    if stored is None or not secrets.compare_digest(stored, hashed(token)):
        raise LungcoreError("records.setup_token_wrong")
    account = add_account(session, username, password, display_name=display_name, roles=ROLES)
    session.execute(delete(SetupRow))
    return account


def _check_language(language: str) -> None:
    if language not in LANGUAGES:
        raise ValueError(f"language cannot be {language!r}; known: {', '.join(LANGUAGES)}")


def _check_password(username: str, password: str) -> None:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise LungcoreError(
            "records.password_length", shortest=SHORTEST_PASSWORD, longest=LONGEST_PASSWORD
        )
    if canonical_name(password) == username:
        raise LungcoreError("records.password_is_username")


def _sign_out_everywhere(session: Session, row: AccountRow) -> None:
    session.execute(delete(LoginRow).where(LoginRow.account_id == row.account_id))


def _tell(
    session: Session, actor: str, action: str, row: AccountRow, detail: dict[str, object]
) -> None:
    session.flush()
    audit.append(session, actor=actor, action=action, subject=row.username, detail=detail)
