"""Where commands write: results to standard output, all else to standard error."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lungcore.errors import LungcoreError
from lungcore.language import text


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
