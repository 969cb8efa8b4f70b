"""How a failed job tells its reason: a catalogue key and values, carried as JSON."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lungcore.errors import LungcoreError
from lungcore.jobs.engine import log_file

log = logging.getLogger(__name__)

Reason = tuple[str, dict[str, object]]


class JobFailedError(Exception):
    """Ends a job as failed. The job engine stores `data` as JSON with the error."""

    def __init__(self, key: str, values: Mapping[str, object]) -> None:
        super().__init__(key)
        self.data = {"key": key, "values": plain(values)}

    @property
    def reason(self) -> Reason:
        """The catalogue key and the values that fill it in."""
        return read_reason(self.data)


def plain(values: Mapping[str, object]) -> dict[str, object]:
    """`values` with everything that JSON does not know as its text."""
    kept = str | int | float | bool | None
    return {
        name: value if isinstance(value, kept) else str(value) for name, value in values.items()
    }


def read_reason(data: Mapping[str, object]) -> Reason:
    """The reason in what `JobFailedError` stored."""
    values = data["values"]
    return str(data["key"]), dict(values) if isinstance(values, Mapping) else {}


def unexpected(kind: str, home: Path) -> Reason:
    """The reason told for an exception that nobody foresaw: its class, and where the rest is."""
    return "jobs.unexpected", {"kind": kind, "log": str(log_file(home))}


@contextmanager
def told(home: Path) -> Iterator[None]:
    """Turn every exception of the block into a JobFailedError, and log those nobody foresaw."""
    try:
        yield
    except LungcoreError as error:
        raise JobFailedError(error.key, error.values) from error
    except Exception as error:
        log.exception("a job failed")
        raise JobFailedError(*unexpected(type(error).__name__, home)) from error
