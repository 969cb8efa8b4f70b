"""Where commands write: results to standard output, all else to standard error."""

import csv
import json
import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lungcore.errors import LungcoreError
from lungcore.language import text

Write = Callable[[Sequence[str], Iterable[Iterable[Any]]], None]


class UsageError(LungcoreError):
    """The command line itself is wrong: exit status 2."""


def say(line: str) -> None:
    """One line of the result."""
    sys.stdout.write(f"{line}\n")


def say_json(value: Any) -> None:
    """The result as JSON."""
    say(json.dumps(value, ensure_ascii=False, indent=2))


def tell(line: str) -> None:
    """One line that is no part of the result."""
    sys.stderr.write(f"{line}\n")


def table(arguments: Namespace) -> Write:
    """A function that writes columns and rows as CSV to `arguments.out`, else, unless the result is
    JSON, to standard output.

    A file that cannot be written is told now, and not after minutes of work.
    """
    if arguments.out:
        Path(arguments.out).open("a").close()

    def write(columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
        if arguments.out:
            with Path(arguments.out).open("w", newline="", encoding="utf-8") as file:
                csv.writer(file, lineterminator="\n").writerows([columns, *rows])
        elif not arguments.json:
            csv.writer(sys.stdout, lineterminator="\n").writerows([columns, *rows])

    return write


@contextmanager
def progress(language: str) -> Iterator[Callable[[str, float], None]]:
    """Shows a step and the share done in one line, where somebody sits at a terminal."""
    is_watched = sys.stderr.isatty()

    def show(step: str, fraction: float) -> None:
        if is_watched:
            sys.stderr.write(f"\r\x1b[K{text(step, language)} {fraction:.0%}")
            sys.stderr.flush()

    try:
        yield show
    finally:
        if is_watched:
            sys.stderr.write("\r\x1b[K")
