"""How far readers of stored series agree: their layers and signed readings, compared in pairs."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from lungcore.findings.agreement import PairAgreement, agreement_of_pairs
from lungcore.findings.tally import Matches
from lungcore.findings.trends import MonthAgreement, agreement_over_time
from lungcore.records import label_sources
from lungcore.records.masks import MaskStore


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of every two readers who read a series in common, and of each reader month by month."""

    pairs: list[PairAgreement]
    months: list[MonthAgreement]


def agreement(
    session: Session, readers: Sequence[str], masks: MaskStore, shown_to: int | None = None
) -> Agreement:
    """The agreement of the readers, masks compared too.

    A reading that was signed with findings of the machine undecided is left out: it does not tell
    all. shown_to: the account from which rounds may hide series. Raises LungcoreError when a mask
    is unknown.
    """
    said = label_sources.by_series(session, readers=readers, masks=masks, shown_to=shown_to)
    whole = [one for of_series in said.values() for one in of_series if one.is_whole]
    matches = Matches()
    return Agreement(
        agreement_of_pairs([one.marks for one in whole], matches),
        agreement_over_time([(one.marks, one.month) for one in whole], matches),
    )


def fingerprint(session: Session, readers: Sequence[str] = (), shown_to: int | None = None) -> str:
    """Of all that the readers, none for all, say and the account may see.

    As long as it stays, so does `agreement` of them.
    """
    versions = label_sources.versions(session, readers, shown_to)
    return hashlib.sha256(repr(versions).encode()).hexdigest()
