"""`import PATH...`: from files, folders and archives to stored series."""

from argparse import Namespace
from pathlib import Path
from typing import Any

from lungcore.cli.output import progress, say, say_json, tell
from lungcore.errors import LungcoreError
from lungcore.jobs import importing
from lungcore.jobs.client import JobsClient
from lungcore.jobs.importing import ImportReport
from lungcore.jobs.uploads import detect_new
from lungcore.language import text
from lungcore.records import database
from lungcore.settings import Settings


def run(settings: Settings, arguments: Namespace) -> None:
    """Import and tell of each series. Raises LungcoreError when there is none at all."""
    database.migrate(settings.database_url)
    paths = [Path(path) for path in arguments.paths]
    with progress(settings.language) as show:
        report = importing.import_paths(paths, settings, progress=show)
    tell_problems(report, settings.language)
    if not report.series:
        raise LungcoreError("cli.import_nothing", paths=", ".join(arguments.paths))
    _detect_new(settings, report)
    records = series_records(report, settings.language)
    if arguments.json:
        say_json(records)
    else:
        for record in records:
            _say_series(record, settings.language)


def _detect_new(settings: Settings, report: ImportReport) -> None:
    """Queue what an upload in the browser queues too; the worker takes it when it runs."""
    client = JobsClient(settings)
    try:
        detect_new(client, report.as_dict(), None)
    finally:
        client.close()


def tell_problems(report: ImportReport, language: str) -> None:
    """One line for each file that was not used."""
    for problem in report.files:
        tell(text(problem.key, language, **problem.values))


def series_records(report: ImportReport, language: str) -> list[dict[str, Any]]:
    """What is told of each series, with the reasons in `language`."""
    return [
        {
            "series_uid": series.series_uid,
            "verdict": series.verdict,
            "reasons": [reason.text(language) for reason in series.reasons],
            "slices": series.slices,
            "spacing_mm": list(series.spacing_mm) if any(series.spacing_mm) else None,
            "new": series.new,
            "phantom": series.phantom,
        }
        for series in report.series
    ]


def _say_series(record: dict[str, Any], language: str) -> None:
    verdict = text(f"cli.verdict_{record['verdict']}", language)
    key = "cli.import_series" if record["spacing_mm"] else "cli.import_refused"
    spacing = " x ".join(f"{mm:.3f}" for mm in record["spacing_mm"] or ())
    told = record | {"verdict": verdict, "spacing": spacing, "n": record["slices"]}
    phantom = text("cli.import_phantom", language) if record["phantom"] else ""
    say(text(key, language, **told) + phantom)
    for reason in record["reasons"]:
        say(f"  {reason}")
