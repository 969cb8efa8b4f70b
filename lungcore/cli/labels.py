"""`labels import FILE...` and `labels export SERIES_UID|DATASET_ID`: labels in and out."""

import re
from argparse import Namespace
from pathlib import Path
from typing import Any

from lungcore.cli.output import say, say_json, tell
from lungcore.errors import LungcoreError
from lungcore.findings.labels import KINDS
from lungcore.jobs import label_export
from lungcore.jobs.labelling import SeriesLabels, import_labels
from lungcore.language import text
from lungcore.records import database
from lungcore.records.pixels import UID
from lungcore.settings import Settings

DATASET_ID = re.compile(r"[0-9a-f]{64}")


def run(settings: Settings, arguments: Namespace) -> None:
    """Do what `arguments.act` says."""
    acts = {"import": _import, "export": _export}
    database.migrate(settings.database_url)
    acts[arguments.act](settings, arguments)


def _import(settings: Settings, arguments: Namespace) -> None:
    """Import each file by itself. Raises LungcoreError when none could be used."""
    records = [_imported(settings, path, arguments.series) for path in arguments.paths]
    for record in records:
        for reason in record["reasons"]:
            tell(reason)
    if arguments.json:
        say_json(records)
    else:
        for record in records:
            _say_file(record, settings.language)
    if not any(record["verdict"] == "accept" for record in records):
        raise LungcoreError("labels.import_nothing", n=len(records))


def _imported(settings: Settings, path: str, series_uid: str) -> dict[str, Any]:
    try:
        result = import_labels(Path(path), settings, series_uid=series_uid)
    except (LungcoreError, OSError) as error:
        reason = _reason(error, path, settings.language)
        return {"path": path, "verdict": "refuse", "reasons": [reason], "series": []}
    return {
        "path": path,
        "verdict": "accept",
        "reasons": [],
        "format": result.file.format,
        "sha256": result.file.sha256,
        "new": result.new,
        "series": [_series_record(series) for series in result.series],
    }


def _reason(error: LungcoreError | OSError, path: str, language: str) -> str:
    if isinstance(error, LungcoreError):
        return error.text(language)
    problem = error.strerror or str(error)
    return text("errors.file_unusable", language, path=path, problem=problem)


def _series_record(series: SeriesLabels) -> dict[str, Any]:
    return {
        "series_uid": series.series_uid,
        "stored": series.stored,
        "readers": [
            {
                "reader": reader.reader,
                **{kind: reader.marks.get(kind, 0) for kind in KINDS},
                "outside": list(reader.outside),
            }
            for reader in series.readers
        ],
    }


def _say_file(record: dict[str, Any], language: str) -> None:
    """One line a file, and one a reader where it is of one series."""
    if record["verdict"] == "refuse":
        return
    series = record["series"]
    waiting = sum(not one["stored"] for one in series)
    nodules = sum(reader["nodule"] for one in series for reader in one["readers"])
    told = {"path": record["path"], "n": len(series), "nodules": nodules, "waiting": waiting}
    known = "" if record["new"] else text("labels.import_known", language)
    say(text("labels.import_file", language, **told) + known)
    for reader in series[0]["readers"] if len(series) == 1 else ():
        outside = len(reader["outside"])
        say("  " + text("labels.import_reader", language, **{**reader, "outside": outside}))


def _export(settings: Settings, arguments: Namespace) -> None:
    if DATASET_ID.fullmatch(arguments.target):
        raise LungcoreError("labels.dataset_unknown", dataset_id=arguments.target)
    if not UID.fullmatch(arguments.target):
        raise LungcoreError("labels.target_unknown", target=arguments.target)
    written = label_export.export(
        settings,
        arguments.target,
        arguments.format,
        Path(arguments.out),
        readers=arguments.reader or (),
    )
    for path in written:
        say(text("labels.exported", settings.language, path=path))
