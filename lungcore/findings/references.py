"""How readers do on reference cases: scans whose answer is known, read as any other.

What reader and answer have in common is matched as for agreement. A mark on a nodule that the
answer calls smaller than 3 mm is neither found nor false.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lungcore.findings.attributes import SCALES
from lungcore.findings.labels import LabelSet
from lungcore.findings.statistics import Estimate, kappa, proportion
from lungcore.findings.tally import Tally, match_nodules


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRead:
    """One signed reading of a reference case, and the answer.

    month: of the signature, as 2026-03.
    marks: None where they cannot be scored: the reader excluded the scan, or left findings of the
        machine undecided.
    """

    reader: str
    month: str
    marks: LabelSet | None
    answer: LabelSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One reader on reference cases, of one month or (month "") of all.

    scans: that are scored; unscored: the others. nodules: of 3 mm or more in the answers, of which
    `found`. false_per_scan, error_mm, kappa: NaN where there is nothing to tell them of.
    error_mm: mean absolute difference of diameters, of `sized` nodules.
    kappa: of malignancy, weighted by squares, of `rated` nodules.
    """

    reader: str
    month: str
    scans: int
    unscored: int
    nodules: int
    found: int
    sensitivity: Estimate
    false_marks: int
    false_per_scan: float
    sized: int
    error_mm: float
    rated: int
    kappa: float


def scores(reads: Sequence[ReferenceRead]) -> list[Score]:
    """Each reader on all cases, in the order of their names."""
    return _grouped(reads, lambda read: (read.reader, ""))


def scores_over_time(reads: Sequence[ReferenceRead]) -> list[Score]:
    """Each reader month by month."""
    return _grouped(reads, lambda read: (read.reader, read.month))


def _grouped(
    reads: Sequence[ReferenceRead], key_of: Callable[[ReferenceRead], tuple[str, str]]
) -> list[Score]:
    groups: dict[tuple[str, str], list[ReferenceRead]] = {}
    for read in reads:
        groups.setdefault(key_of(read), []).append(read)
    return [_score(*key, of_key) for key, of_key in sorted(groups.items())]


def _score(reader: str, month: str, reads: Sequence[ReferenceRead]) -> Score:
    tally, false_marks = Tally(), 0
    for read in reads:
        if read.marks is not None:
            false_marks += _add(tally, read.marks, read.answer)
    found, nodules = len(tally.pairs), len(tally.pairs) + tally.second_only
    sized, rated = tally.sized_mm, tally.rated("malignancy")
    first, second = zip(*rated, strict=True) if rated else ((), ())
    return Score(
        reader=reader,
        month=month,
        scans=tally.series,
        unscored=len(reads) - tally.series,
        nodules=nodules,
        found=found,
        sensitivity=proportion(found, nodules),
        false_marks=false_marks,
        false_per_scan=false_marks / tally.series if tally.series else math.nan,
        sized=len(sized),
        error_mm=float(np.mean([abs(a - b) for a, b in sized])) if sized else math.nan,
        rated=len(rated),
        kappa=kappa(first, second, SCALES["malignancy"]),
    )


def _add(tally: Tally, marks: LabelSet, answer: LabelSet) -> int:
    """Count one more scan; returns how many marks of it are false."""
    matching = tally.add(marks.nodules, answer.nodules)
    left = [marks.nodules[i] for i in matching.first_only]
    small = [mark for mark in answer.marks if mark.kind == "small_nodule"]
    return len(match_nodules(left, small).first_only)
