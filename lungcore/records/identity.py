"""Who somebody is: accounts by number, by name and in the words of the audit trail."""

import unicodedata
from dataclasses import dataclass
from typing import Self

from sqlalchemy.orm import Session

from lungcore.records.tables import AccountRow

ROLES = ("clinician", "annotator", "adjudicator", "model_owner", "administrator")
SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person who may sign in."""

    account_id: int
    username: str
    display_name: str
    roles: frozenset[str]
    language: str
    disabled: bool

    @property
    def is_administrator(self) -> bool:
        """Whether the account may run the installation now."""
        return "administrator" in self.roles and not self.disabled

    @classmethod
    def of_row(cls, row: AccountRow) -> Self:
        """The account of a row."""
        return cls(
            account_id=row.account_id,
            username=row.username,
            display_name=row.display_name,
            roles=frozenset(row.roles),
            language=row.language,
            disabled=row.disabled,
        )


def canonical_name(username: str) -> str:
    """The user name as it is stored: letter case and the width of characters do not count."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def find_account(session: Session, account_id: int) -> AccountRow:
    """The row of an account, for this package. Raises ValueError when there is none."""
    row = session.get(AccountRow, account_id)
    if row is None:
        raise ValueError(f"account_id cannot be {account_id}: there is no such account")
    return row


def actor_name(session: Session, account_id: int | None) -> str:
    """Who acts, as the audit trail names them: the user name, or `system` for None."""
    return SYSTEM if account_id is None else find_account(session, account_id).username
