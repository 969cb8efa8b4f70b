"""`evaluate`: a submission against a reference standard, by the rule of LUNA16."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from lungcore.cli.output import say, say_json
from lungcore.errors import LungcoreError
from lungcore.formats import luna16
from lungcore.language import text
from lungcore.learning.evaluate import Report, evaluate
from lungcore.learning.froc import Sphere
from lungcore.settings import Settings

COUNTS = (
    *("scans", "nodules", "candidates", "true_positives", "false_positives", "false_negatives"),
    *("irrelevant", "doubles"),
)


def run(settings: Settings, arguments: Namespace) -> None:
    """Tell the figures. Raises LungcoreError when a file is not what it should be."""
    series = luna16.read_series(Path(arguments.seriesuids))
    nodules = spheres(Path(arguments.annotations))
    if not any(uid in nodules for uid in series):
        raise LungcoreError("cli.evaluate_no_nodule", path=arguments.seriesuids)
    report = evaluate(
        luna16.read_submission(Path(arguments.submission)),
        nodules,
        spheres(Path(arguments.excluded)),
        series,
    )
    if arguments.json:
        say_json(asdict(report))
    else:
        say_report(report, settings.language)


def spheres(path: Path) -> dict[str, list[Sphere]]:
    """The marks of a LUNA16 annotation file, by series."""
    marks = luna16.read_annotations(path)
    return {uid: [Sphere(*mark) for mark in found] for uid, found in marks.items()}


def say_report(report: Report, language: str) -> None:
    """One figure a line."""
    told = asdict(report)
    counts = (*COUNTS, "unlisted") if report.unlisted else COUNTS
    for name in counts:
        say(text(f"cli.evaluate_{name}", language, **told))
    for one in report.sensitivities:
        say(text("cli.evaluate_sensitivity", language, **asdict(one)))
    say(text("cli.evaluate_cpm", language, **told))
