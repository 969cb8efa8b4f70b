"""The gate before a promotion: which checks a candidate does not pass, and the act itself."""

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lungcore.jobs import models as files
from lungcore.learning import compare
from lungcore.records import accounts, comparisons, database, models
from lungcore.records.comparisons import ComparisonRecord
from lungcore.settings import Settings

CHECKS = ("compared", "not_worse", "calibrated", "probe")


def latest(session: Session, name: str) -> ComparisonRecord | None:
    """The last comparison of a model with what is in use now, or None."""
    model = models.find(session, name)
    present = models.in_use(session).get(model.kind)
    found = comparisons.of_model(session, name)
    return next((one for one in found if present and one.against == present.name), None)


def failed(session: Session, name: str) -> list[str]:
    """The checks that a candidate does not pass; of what was in use before, only the probe."""
    model = models.find(session, name)
    comparison = latest(session, name)
    return compare.failed_checks(comparison.result if comparison else None, model.probe)


def promote(
    settings: Settings,
    engine: Engine,
    name: str,
    *,
    account_id: int,
    reason: str,
    second: tuple[str, str] | None = None,
) -> None:
    """Put a model in use. second: name and password of who signs besides.

    Its files are checked first. Raises LungcoreError when it may not be, or a signature is wrong.
    """
    second_id = None
    if second is not None:
        with database.transaction(engine) as session:
            signer = accounts.confirm(session, *second, now=datetime.now(UTC))
            second_id = signer.account_id
    with database.transaction(engine) as session:
        files.folder_of(settings, models.find(session, name))
        models.promote(
            session,
            name,
            account_id=account_id,
            reason=reason,
            failed=failed(session, name),
            second_id=second_id,
        )
