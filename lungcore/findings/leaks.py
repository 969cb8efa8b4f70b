"""The leak guard: what would let a test say more than it knows.

Each leak is a LungcoreError that tells which series it is about.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lungcore.errors import LungcoreError
from lungcore.findings.dataset import Entry

MOST_TOLD = 5  # examples in one message


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A model that trainings begin with, or that they are compared with.

    learnt: whether a SeriesInstanceUID is of a series that the model, or one that it grew from,
        was trained on.
    """

    name: str
    learnt: Callable[[str], bool]


def leaks(
    entries: Sequence[Entry],
    series_of: Mapping[str, Iterable[str]],
    ancestors: Iterable[Ancestor],
) -> list[LungcoreError]:
    """All leaks of a version; none when it may be frozen.

    series_of: of each patient, as entries name them, every series that is known of them, in the
        version or not: a model that learnt from another scan of a test patient knows the patient.
    """
    found = [_patients(entries), _pixels(entries)]
    return [*(leak for leak in found if leak), *learnt(entries, series_of, ancestors)]


def learnt(
    entries: Sequence[Entry],
    series_of: Mapping[str, Iterable[str]],
    ancestors: Iterable[Ancestor],
) -> list[LungcoreError]:
    """For each ancestor that knows patients of the test split, which; arguments as of `leaks`."""
    found = [_learnt(entries, series_of, ancestor) for ancestor in ancestors]
    return [leak for leak in found if leak is not None]


def _patients(entries: Sequence[Entry]) -> LungcoreError | None:
    splits: dict[str, set[str]] = {}
    for entry in entries:
        splits.setdefault(entry.patient, set()).add(entry.split)
    torn = [entry for entry in entries if len(splits[entry.patient]) > 1]
    if not torn:
        return None
    n = len({entry.patient for entry in torn})
    # Side by side, a patient after the other.
    told = [f"{e.series_uid} ({e.split})" for e in sorted(torn, key=lambda e: e.patient)]
    return LungcoreError("datasets.leak_patients", n=n, series=_some(told))


def _pixels(entries: Sequence[Entry]) -> LungcoreError | None:
    same: dict[str, list[str]] = {}
    for entry in entries:
        same.setdefault(entry.pixel_hash, []).append(entry.series_uid)
    told = [" = ".join(uids) for uids in same.values() if len(uids) > 1]
    return LungcoreError("datasets.leak_pixels", n=len(told), series=_some(told)) if told else None


def _learnt(
    entries: Sequence[Entry], series_of: Mapping[str, Iterable[str]], ancestor: Ancestor
) -> LungcoreError | None:
    tested = {entry.patient: entry.series_uid for entry in entries if entry.split == "test"}
    told = []
    for patient, series_uid in tested.items():
        learnt = sorted(uid for uid in series_of[patient] if ancestor.learnt(uid))
        if learnt:
            told.append(series_uid if series_uid in learnt else f"{series_uid} ({learnt[0]})")
    if not told:
        return None
    return LungcoreError(
        "datasets.leak_learnt", model=ancestor.name, n=len(told), series=_some(told)
    )


def _some(told: Sequence[str]) -> str:
    more = ", …" if len(told) > MOST_TOLD else ""
    return ", ".join(told[:MOST_TOLD]) + more
