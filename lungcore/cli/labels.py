"""`labels`: labels in and out, and what `cli.datasets` does with them."""

import re
from argparse import Namespace
from pathlib import Path
from typing import Any

from lungcore.cli import datasets
from lungcore.cli.output import UsageError, say, say_json, tell
from lungcore.errors import LungcoreError
from lungcore.findings.labels import KINDS
from lungcore.jobs import label_export
from lungcore.jobs.datasets import export
from lungcore.jobs.labelling import LabelResult, SeriesLabels, import_labels
from lungcore.language import text
from lungcore.records import database
from lungcore.records import datasets as dataset_records
from lungcore.records.pixels import UID
from lungcore.settings import Settings

DATASET_ID = re.compile(r"[0-9a-f]{8,64}")  # or the beginning of one; a UID has points


def run(settings: Settings, arguments: Namespace) -> None:
    """Do what `arguments.act` says."""
    acts = {
        "import": _import,
        "export": _export,
        "freeze": datasets.freeze,
        "datasets": datasets.show,
        "diff": datasets.diff,
    }
    database.migrate(settings.database_url)
    acts[arguments.act](settings, arguments)


def _import(settings: Settings, arguments: Namespace) -> None:
    """Import each file by itself. Raises what stopped the last one when none could be used."""
    records, errors = [], []
    for path in arguments.paths:
        try:
            result = import_labels(Path(path), settings, series_uid=arguments.series)
            records.append(_record(path, result))
        except (LungcoreError, OSError) as error:
            reason = _reason(error, path, settings.language)
            records.append({"path": path, "verdict": "refuse", "reasons": [reason], "series": []})
            errors.append((error, reason))
    last = errors.pop()[0] if len(errors) == len(records) else None
    for _, reason in errors:
        tell(reason)
    if arguments.json:
        say_json(records)
    else:
        for record in records:
            _say_file(record, settings.language)
    if last is not None:
        raise last


def _record(path: str, result: LabelResult) -> dict[str, Any]:
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
    target, out = arguments.target, Path(arguments.out)
    if DATASET_ID.fullmatch(target):
        if arguments.reader:
            raise UsageError("datasets.no_readers")
        with database.snapshot(database.connect(settings.database_url)) as session:
            dataset_id = dataset_records.resolve(session, target)
        written = export(settings, dataset_id, arguments.format, out)
    elif UID.fullmatch(target):
        readers = arguments.reader or ()
        written = label_export.export(settings, target, arguments.format, out, readers=readers)
    else:
        raise LungcoreError("labels.target_unknown", target=target)
    for path in written:
        say(text("labels.exported", settings.language, path=path))
