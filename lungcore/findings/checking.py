"""Which events a reading can take. They come from browsers, so everything is looked at."""

import re
from collections.abc import Mapping
from typing import Any, cast, get_args

from lungcore.errors import LungcoreError
from lungcore.findings.reading import Kind, ReadingState

SMALLEST_MM, LARGEST_MM = 0.1, 300.0  # diameters: below any voxel, beyond any lung
FARTHEST_MM = 10_000.0  # from the origin of patient space; scanners stay within 2 m
LONGEST_REASON = 2000
UID = re.compile(r"(?=.{1,64}\Z)(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")  # PS3.5 9.1

FIELDS: Mapping[str, tuple[str, ...]] = {
    "accept": ("finding_uid",),
    "reject": ("finding_uid", "reason"),
    "edit": ("finding_uid", "center_mm", "diameter_mm", "reason"),
    "add": ("finding_uid", "center_mm", "diameter_mm", "reason"),
    "undo": ("event_uid",),
    "sign": (),
    "reopen": ("reason",),
}


def check(state: ReadingState, kind: Kind, payload: Mapping[str, Any]) -> None:
    """Let through an event that `fold` can take after `state`.

    Raises LungcoreError: `findings.invalid` names a field that cannot be, the other keys say
    what the state of the reading forbids.
    """
    _check_fields(kind, payload)
    if (kind == "reopen") != state.signed:
        raise LungcoreError("findings.not_signed" if kind == "reopen" else "findings.signed")
    if kind == "reopen" and not payload.get("reason", "").strip():
        raise LungcoreError("findings.reason_missing")
    if kind == "undo" and payload.get("event_uid") != state.undo_target:
        raise LungcoreError("findings.nothing_to_undo")
    if kind in ("accept", "reject", "edit") and state.finding(payload["finding_uid"]) is None:
        raise LungcoreError("findings.unknown", finding_uid=payload["finding_uid"])
    if kind == "add" and state.finding(payload["finding_uid"]) is not None:
        raise _invalid("finding_uid")


def _check_fields(kind: str, payload: Mapping[str, Any]) -> None:
    if kind not in get_args(Kind):
        raise _invalid("kind")
    if not isinstance(payload, Mapping):
        raise _invalid("payload")
    for name in payload:
        if name not in FIELDS[kind]:
            raise _invalid(name)
    for name in FIELDS[kind]:
        if not (_is_absent(name, payload) or _is_valid(name, payload.get(name))):
            raise _invalid(name)


def _is_absent(name: str, payload: Mapping[str, Any]) -> bool:
    return name == "reason" and name not in payload


def _is_valid(name: str, value: object) -> bool:
    match name:
        case "finding_uid":
            return isinstance(value, str) and UID.fullmatch(value) is not None
        case "event_uid":
            return isinstance(value, str)
        case "reason":
            return isinstance(value, str) and len(value) <= LONGEST_REASON
        case "diameter_mm":
            return _is_between(value, SMALLEST_MM, LARGEST_MM)
        case _:
            return (
                isinstance(value, list | tuple)
                and len(value) == 3
                and all(_is_between(number, -FARTHEST_MM, FARTHEST_MM) for number in value)
            )


def _is_between(value: object, low: float, high: float) -> bool:
    """False for what is no number and for NaN, which is between nothing."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and low <= cast(float, value) <= high


def _invalid(name: object) -> LungcoreError:
    return LungcoreError("findings.invalid", name=str(name)[:64])
