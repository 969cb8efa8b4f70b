"""The audit trail: who did what, when. Each line is chained to the one before by its hash.

The chain shows a line that was changed, left out or put in by somebody who reached the database;
who can rewrite the whole chain and its end leaves no trace, so keep copies of the trail elsewhere.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.records.tables import AuditHeadRow, AuditRow


def append(
    session: Session, *, actor: str, action: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Add a line to the trail, in the transaction of what it tells of.

    actor: user name, or `system`. action: as `area.what_happened`. subject: what it was done to.
    detail: JSON values; no passwords, no tokens.
    """
    head = session.get_one(AuditHeadRow, 1, with_for_update=True, populate_existing=True)
    row = AuditRow(
        seq=head.seq + 1,
        at=datetime.now(UTC),
        actor=actor,
        action=action,
        subject=subject,
        detail=_canonical(detail),
        previous_sha256=head.sha256,
    )
    row.sha256 = _sha256(row)
    head.seq, head.sha256 = row.seq, row.sha256
    session.add(row)
    session.flush()


def verify(session: Session) -> int:
    """Follow the chain from its start; returns how many lines it has.

    Raises LungcoreError records.audit_broken naming the first line that does not fit.
    """
    checked, previous = 0, ""
    rows = session.scalars(select(AuditRow).order_by(AuditRow.seq).execution_options(yield_per=500))
    for row in rows:
        chained = row.seq == checked + 1 and row.previous_sha256 == previous
        if not chained or row.sha256 != _sha256(row):
            raise LungcoreError("records.audit_broken", seq=checked + 1)
        checked, previous = row.seq, row.sha256
    head = session.get_one(AuditHeadRow, 1)
    if (head.seq, head.sha256) != (checked, previous):
        raise LungcoreError("records.audit_broken", seq=checked + 1)
    return checked


def _sha256(row: AuditRow) -> str:
    line = [row.previous_sha256, row.seq, row.at.isoformat(), row.actor, row.action]
    return hashlib.sha256(_canonical([*line, row.subject, row.detail]).encode()).hexdigest()


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
