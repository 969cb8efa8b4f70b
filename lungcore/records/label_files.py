"""Files of labels, as they came; one may come before the images it speaks of, and waits for them.

The files themselves are kept with the originals.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from lungcore.records import audit
from lungcore.records.identity import actor_name
from lungcore.records.tables import LabelFileRow, LabelWaitingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFile:
    """A file of labels; `file_name` is what the user called it."""

    sha256: str
    file_name: str
    format: str


def keep_file(session: Session, file: LabelFile, account_id: int | None) -> bool:
    """Remember a file; False when its content is known, under whatever name."""
    if _find(session, file.sha256) is not None:
        return False
    session.add(
        LabelFileRow(
            sha256=file.sha256,
            file_name=file.file_name,
            format=file.format,
            account_id=account_id,
            imported_at=datetime.now(UTC),
        )
    )
    session.flush()
    return True


def tell_audit(session: Session, sha256: str) -> None:
    """Write that the file was imported: last in its transaction, as `records.summary` says why."""
    row = known(session, sha256)
    audit.append(
        session,
        actor=actor_name(session, row.account_id),
        action="labels.imported",
        subject=sha256,
        detail={"file": row.file_name, "format": row.format},
    )


def wait(session: Session, sha256: str, series_uid: str) -> None:
    """Remember that a file speaks of a series that is not here."""
    file = known(session, sha256)
    session.merge(LabelWaitingRow(label_file_id=file.label_file_id, series_uid=series_uid))


def waiting(session: Session, series_uid: str) -> list[LabelFile]:
    """The files that wait for the series, oldest first."""
    rows = session.scalars(
        select(LabelFileRow)
        .join(LabelWaitingRow)
        .where(LabelWaitingRow.series_uid == series_uid)
        .order_by(LabelFileRow.label_file_id)
    )
    return [of_row(row) for row in rows]


def place(session: Session, sha256: str, series_uid: str) -> None:
    """Remember that a file waits for the series no longer."""
    session.execute(
        delete(LabelWaitingRow).where(
            LabelWaitingRow.label_file_id == known(session, sha256).label_file_id,
            LabelWaitingRow.series_uid == series_uid,
        )
    )


def _find(session: Session, sha256: str) -> LabelFileRow | None:
    return session.scalar(select(LabelFileRow).where(LabelFileRow.sha256 == sha256))


def known(session: Session, sha256: str) -> LabelFileRow:
    """The row of a file, for this package. Raises ValueError when it was not kept."""
    file = _find(session, sha256)
    if file is None:
        raise ValueError(f"sha256 cannot be {sha256}: no such file of labels was kept")
    return file


def of_row(row: LabelFileRow) -> LabelFile:
    """The file of a row."""
    return LabelFile(sha256=row.sha256, file_name=row.file_name, format=row.format)
