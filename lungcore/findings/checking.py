"""Which events a reading can take. They come from browsers, so everything is looked at."""

import re
from collections.abc import Mapping
from typing import Any, cast, get_args

from lungcore.errors import LungcoreError
from lungcore.findings.attributes import SCALES
from lungcore.findings.reading import LABEL, OPTIONAL, SAID, SCAN, Kind, ReadingState
from lungcore.findings.said import LOBES, NODULE_TYPES, QUALITIES, SURENESS

SMALLEST_MM, LARGEST_MM = 0.1, 300.0  # diameters: below any voxel, beyond any lung
FARTHEST_MM = 10_000.0  # from the origin of patient space; scanners stay within 2 m
LONGEST_REASON = 2000
LARGEST_MM3 = 1e8  # ten times both lungs
MASK = re.compile(r"[0-9a-f]{64}")
MEASURED = {"long_mm", "short_mm", "volume_mm3"}
UID = re.compile(r"(?=.{1,64}\Z)(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")  # PS3.5 9.1
CHOICES: Mapping[str, tuple[str, ...]] = {
    "nodule_type": NODULE_TYPES,
    "lobe": LOBES,
    "quality": QUALITIES,
}

FIELDS: Mapping[str, tuple[str, ...]] = {
    "accept": ("finding_uid",),
    "reject": ("finding_uid", "reason"),
    "edit": ("finding_uid", "center_mm", "diameter_mm", *OPTIONAL),
    "add": ("finding_uid", "center_mm", "diameter_mm", *OPTIONAL),
    "label": ("finding_uid", *LABEL),
    "scan": SCAN,
    "undo": ("event_uid",),
    "redo": ("event_uid",),
    "sign": (),
    "reopen": ("reason",),
}


def check(state: ReadingState, kind: Kind, payload: Mapping[str, Any]) -> None:
    """Let through an event that `fold` can take after `state`.

    Raises LungcoreError: `findings.invalid` names a field that cannot be, the other keys say
    what the state of the reading forbids.
    """
    check_fields(kind, payload)
    if (kind == "reopen") != state.signed:
        raise LungcoreError("findings.not_signed" if kind == "reopen" else "findings.signed")
    if kind == "reopen" and not payload.get("reason", "").strip():
        raise LungcoreError("findings.reason_missing")
    if kind == "undo" and payload.get("event_uid") != state.undo_target:
        raise LungcoreError("findings.nothing_to_undo")
    if kind == "redo" and payload.get("event_uid") != state.redo_target:
        raise LungcoreError("findings.nothing_to_redo")
    if (
        kind in ("accept", "reject", "edit", "label")
        and state.finding(payload["finding_uid"]) is None
    ):
        raise LungcoreError("findings.unknown", finding_uid=payload["finding_uid"])
    if kind == "add" and state.finding(payload["finding_uid"]) is not None:
        raise _invalid("finding_uid")
    if kind == "scan" and payload.get("no_nodules"):
        said = sum(finding.state in SAID for finding in state.findings)
        if said:
            raise LungcoreError("findings.no_nodules_but", n=said)


def check_fields(kind: str, payload: Mapping[str, Any]) -> None:
    """Let through what has the fields of its kind. Raises LungcoreError `findings.invalid`."""
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
    return name in (*OPTIONAL, *LABEL, *SCAN) and name not in payload


def _is_valid(name: str, value: object) -> bool:
    match name:
        case "finding_uid":
            return isinstance(value, str) and UID.fullmatch(value) is not None
        case "event_uid":
            return isinstance(value, str)
        case "reason" | "comment":
            return isinstance(value, str) and len(value) <= LONGEST_REASON
        case "diameter_mm":
            return _is_between(value, SMALLEST_MM, LARGEST_MM)
        case "axes_mm":
            return _are_between(value, SMALLEST_MM, LARGEST_MM)
        case "mask":
            return isinstance(value, str) and MASK.fullmatch(value) is not None
        case "calipers_mm":
            return (
                isinstance(value, list | tuple) and len(value) == 4 and all(map(_is_place, value))
            )
        case "measured":
            return (
                isinstance(value, Mapping)
                and set(value) == MEASURED
                and all(_is_between(number, 0, LARGEST_MM3) for number in value.values())
            )
        case _ if name in CHOICES:
            return value in CHOICES[name]
        case "attributes":
            return isinstance(value, Mapping) and all(
                name in SCALES and _is_grade(grade, SCALES[name]) for name, grade in value.items()
            )
        case "confidence":
            return _is_grade(value, SURENESS)
        case "no_nodules":
            return isinstance(value, bool)
        case "excluded":
            return (
                isinstance(value, str) and len(value.strip()) > 0 and len(value) <= LONGEST_REASON
            )
        case _:
            return _is_place(value)


def _is_grade(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _is_place(value: object) -> bool:
    return _are_between(value, -FARTHEST_MM, FARTHEST_MM)


def _are_between(value: object, low: float, high: float) -> bool:
    """Whether it is three numbers within the limits."""
    is_three = isinstance(value, list | tuple) and len(value) == 3
    return is_three and all(_is_between(number, low, high) for number in cast(list, value))


def _is_between(value: object, low: float, high: float) -> bool:
    """False for what is no number and for NaN, which is between nothing."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and low <= cast(float, value) <= high


def _invalid(name: object) -> LungcoreError:
    return LungcoreError("findings.invalid", name=str(name)[:64])
