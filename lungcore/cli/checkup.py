"""`doctor`: what is wrong with this installation, and what to do about it."""

from argparse import Namespace
from dataclasses import asdict

from lungcore import doctor
from lungcore.cli.output import say, say_json
from lungcore.errors import LungcoreError
from lungcore.language import text
from lungcore.settings import Settings


def run(settings: Settings, arguments: Namespace) -> None:
    """Print the checks and the settings. Raises LungcoreError when something is wrong."""
    checks, rows = doctor.examine(settings), doctor.setting_rows(settings)
    if arguments.json:
        say_json({"checks": [asdict(check) for check in checks], "settings": rows})
    else:
        _say_checks(checks, settings.language)
        _say_settings(rows, settings.language)
    faults = sum(not check.ok for check in checks)
    if faults:
        raise LungcoreError("doctor.faults", n=faults)


def _say_checks(checks: list[doctor.Check], language: str) -> None:
    for check in checks:
        mark = text("doctor.fine" if check.ok else "doctor.fault", language)
        say(f"{mark:6} {check.name}: {check.text}")
        if check.advice:
            say(f"       {check.advice}")


def _say_settings(rows: list[dict[str, str]], language: str) -> None:
    say("")
    say(text("doctor.settings_title", language))
    for row in rows:
        source = text(f"doctor.source_{row['source']}", language)
        say(f"  {row['name']} = {row['value']} ({source})")
