"""Signing in and out: attempts, locks and the sessions of browsers (OWASP session management)."""

from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.records import audit
from lungcore.records.identity import Account, canonical_name
from lungcore.records.tables import AccountRow, AttemptRow, LoginRow
from lungcore.records.tokens import hashed, new_token

ATTEMPTS = 5
ATTEMPT_WINDOW = timedelta(minutes=15)
IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
SEEN_EVERY = timedelta(seconds=60)


def sign_in(
    session: Session, username: str, password: str, *, now: datetime
) -> tuple[Account, str]:
    """Check name and password; returns the account and the token of its new session.

    Raises LungcoreError as `confirm` does.
    """
    account = confirm(session, username, password, now=now)
    token = _new_login(session, account.account_id, now)
    name = account.username
    audit.append(session, actor=name, action="sign_in.done", subject=name, detail={})
    return account, token


def confirm(session: Session, username: str, password: str, *, now: datetime) -> Account:
    """Check name and password, without a session of a browser: as a signature.

    The attempt is committed before the password is looked at, and taken back on success: a
    failure outlives the error, attempts made at once are all counted, and no other writer waits
    for the slow hash. An unknown name takes the same time as a wrong password.

    Raises LungcoreError records.locked after 5 failures in 15 minutes, and
    records.sign_in_failed.
    """
    name = canonical_name(username)
    _count_attempt(session, name, now)
    row = session.scalar(select(AccountRow).where(AccountRow.username == name))
    password_hash = None if row is None else row.password_hash
    session.commit()
    if not is_right(password_hash, password) or row is None or row.disabled:
        actor = name if row is not None else "unknown"
        audit.append(session, actor=actor, action="sign_in.failed", subject=actor, detail={})
        session.commit()
        raise LungcoreError("records.sign_in_failed")
    session.execute(delete(AttemptRow).where(AttemptRow.username_sha256 == hashed(name)))
    return Account.of_row(row)


def account_of_session(session: Session, token: str, *, now: datetime) -> Account | None:
    """The account that the token signs in, or None: unknown, expired or disabled. Reads only.

    A session ends after 12 hours without being seen (`note_seen`), and after 7 days in any case.
    """
    login = session.get(LoginRow, hashed(token))
    if login is None or now - login.last_seen_at > IDLE or now - login.created_at > LONGEST:
        return None
    row = session.get_one(AccountRow, login.account_id)
    return None if row.disabled else Account.of_row(row)


def is_due(session: Session, token: str, *, now: datetime) -> bool:
    """Whether it is time to write that the session was seen; at most once a minute. Reads only."""
    login = session.get(LoginRow, hashed(token))
    return login is not None and now - login.last_seen_at > SEEN_EVERY


def note_seen(session: Session, token: str, *, now: datetime) -> None:
    """Write that the session was seen."""
    login = session.get(LoginRow, hashed(token))
    if login is not None:
        login.last_seen_at = now


def sign_out(session: Session, token: str) -> None:
    """End the session of the token; nothing happens when there is none."""
    session.execute(delete(LoginRow).where(LoginRow.token_sha256 == hashed(token)))


def _count_attempt(session: Session, name: str, now: datetime) -> None:
    session.execute(delete(AttemptRow).where(AttemptRow.at <= now - ATTEMPT_WINDOW))
    of_name = AttemptRow.username_sha256 == hashed(name)
    recent, first = session.execute(
        select(func.count(), func.min(AttemptRow.at)).where(of_name)
    ).one()
    if recent >= ATTEMPTS:
        minutes = -(-(first + ATTEMPT_WINDOW - now) // timedelta(minutes=1))
        raise LungcoreError("records.locked", n=minutes)
    session.add(AttemptRow(username_sha256=hashed(name), at=now))


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether the hash is of the password; as slow for None, which no password is."""
    if password_hash is None:
        PasswordHasher().hash(password)  # for the time it takes
        return False
    try:
        return PasswordHasher().verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _new_login(session: Session, account_id: int, now: datetime) -> str:
    expired = or_(LoginRow.created_at < now - LONGEST, LoginRow.last_seen_at < now - IDLE)
    session.execute(delete(LoginRow).where(expired))
    token = new_token()
    session.add(
        LoginRow(
            token_sha256=hashed(token), account_id=account_id, created_at=now, last_seen_at=now
        )
    )
    session.flush()
    return token
