"""How far readers of stored series agree: their layers and signed readings, compared in pairs."""

import hashlib
from collections.abc import Sequence

from sqlalchemy.orm import Session

from lungcore.findings.agreement import PairAgreement, agreement_of_pairs
from lungcore.records import label_sources
from lungcore.records.masks import MaskStore


def pairs(session: Session, readers: Sequence[str], masks: MaskStore) -> list[PairAgreement]:
    """Every two of the readers who read a series in common, masks compared too.

    A reading that was signed with findings of the machine undecided is left out: it does not tell
    all. Raises LungcoreError when a mask is unknown.
    """
    said = label_sources.by_series(session, readers=readers, masks=masks)
    return agreement_of_pairs(
        [one.marks for of_series in said.values() for one in of_series if one.is_whole]
    )


def fingerprint(session: Session, readers: Sequence[str] = ()) -> str:
    """Of all that the readers say, none for all: as long as it stays, so do `pairs` of them."""
    return hashlib.sha256(repr(label_sources.versions(session, readers)).encode()).hexdigest()
