"""Labels out: what readers say of a stored series, in other programs' formats."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Engine

from lungcore.errors import LungcoreError
from lungcore.jobs.label_writers import Labelled, write_one
from lungcore.records import audit, database, label_layers, signed, studies
from lungcore.records.identity import actor_name
from lungcore.records.masks import MaskStore
from lungcore.settings import Settings


def labelled(
    engine: Engine, series_uid: str, storage: Path, readers: Sequence[str] = ()
) -> Labelled:
    """What readers say of a series: layers of files, and the readings that are signed.

    An adjudication is no reader among them: it is there where `readers` names it.

    A reading's reader is called by the number of the account, and of the round if it is of one. A
    reading that excludes the scan says nothing of it. Raises LungcoreError when the series
    is unknown or was refused.
    """
    masks = MaskStore(storage)
    with database.snapshot(engine) as session:
        series = studies.series(session, series_uid)
        if series.verdict == "refuse":
            raise LungcoreError("records.series_refused", series_uid=series_uid)
        read = [one.labels(series, masks) for one in signed.of_series(session, series_uid)]
        sets = [*label_layers.label_sets(session, series_uid, masks, readers), *read]
        return Labelled(series, studies.instances(session, series_uid), sets)


def export(
    settings: Settings,
    series_uid: str,
    format_name: str,
    out: Path,
    *,
    readers: Sequence[str] = (),
    account_id: int | None = None,
) -> list[Path]:
    """Write the labels of a series, of all its readers or of some; returns what was written.

    format_name: one of `label_writers.FORMATS`. Raises LungcoreError when there are no labels or
    `out` cannot be.
    """
    engine = database.connect(settings.database_url)
    try:
        found = _of_readers(labelled(engine, series_uid, settings.storage, readers), readers)
        written = write_one(found, format_name, out, settings)
        _tell_audit(engine, found, format_name, account_id)
    finally:
        engine.dispose()
    return written


def _of_readers(found: Labelled, readers: Sequence[str]) -> Labelled:
    uid = found.series.series_uid
    if not found.sets:
        raise LungcoreError("labels.none", series_uid=uid)
    known = sorted({labels.reader for labels in found.sets})
    for reader in readers:
        if reader not in known:
            names = ", ".join(known)
            raise LungcoreError(
                "labels.reader_unknown", reader=reader, series_uid=uid, readers=names
            )
    chosen = [labels for labels in found.sets if not readers or labels.reader in readers]
    return replace(found, sets=chosen)


def _tell_audit(engine: Engine, found: Labelled, format_name: str, account_id: int | None) -> None:
    with database.transaction(engine) as session:
        audit.append(
            session,
            actor=actor_name(session, account_id),
            action="labels.exported",
            subject=found.series.series_uid,
            detail={"format": format_name, "readers": [labels.reader for labels in found.sets]},
        )
