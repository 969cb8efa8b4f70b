"""How a nodule changed between two scans: volume, growth and volume doubling time.

A doubling time is told with an interval, from how far two measurements of a nodule that did not
change differ: by up to 27 % in 95 of 100 pairs (Marchiano et al., Radiology 2009; 23 to 25 % in
Gietema et al., Radiology 2007). Below 6 mm, and on slices of 2.5 mm and more, measurements differ
far more (Nietert et al., Chest 2009): the limits are then taken twice as wide, which is a choice
of ours, and the result says so.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lungcore.findings.finding import Finding

SAME_WITHIN = 0.27
GROWN_FROM = 0.25  # of the volume: British Thoracic Society, Thorax 2015
SMALL_MM = 6.0
THICK_MM = 2.5

Course = Literal["grown", "stable", "shrunk"]
Caveat = Literal["small", "thick", "within_error", "same_day"]


@dataclass(frozen=True, slots=True)
class Size:
    """One measurement. slice_mm: distance of the slices that it was made on."""

    diameter_mm: float
    volume_mm3: float
    slice_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """From a prior to a current measurement.

    change: of the volume, as a share of the prior one; 0.25 is a growth of a quarter.
    course: `stable` unless the change lies beyond what two measurements of an unchanged nodule
        differ by, and is at least `GROWN_FROM`.
    doubling_days: None unless it has grown. doubling_interval_days: 95 %; an end is None where
        the volume may as well not have grown at all.
    """

    days: int
    change: float
    course: Course
    doubling_days: float | None
    doubling_interval_days: tuple[float | None, float | None]
    caveats: tuple[Caveat, ...]


def size_of(finding: Finding, slice_mm: float) -> Size:
    """The size of a finding: of its mask, else of its ellipsoid, else of its sphere."""
    if finding.measured is not None:
        return Size(finding.diameter_mm, finding.measured.volume_mm3, slice_mm)
    axes_mm = finding.axes_mm or (finding.diameter_mm,) * 3
    return Size(finding.diameter_mm, math.pi / 6 * float(np.prod(axes_mm)), slice_mm)


def growth(prior: Size, current: Size, days: int) -> Growth:
    """How `current` differs from `prior`, which was measured `days` earlier.

    Doubling time by exponential growth: days * ln 2 / ln(current / prior) (Collins et al., AJR
    1956). Raises ValueError naming the argument when a volume is not positive or `days` negative.
    """
    for name, size in (("prior", prior), ("current", current)):
        if size.volume_mm3 <= 0:
            raise ValueError(f"{name} must have a volume above 0, not {size.volume_mm3}")
    if days < 0:
        raise ValueError(f"days must not be negative: {days}")
    ratio = math.log(current.volume_mm3 / prior.volume_mm3)
    caveats = _caveats(prior, current)
    limit = math.log1p(SAME_WITHIN) * (2 if caveats else 1)
    change = math.expm1(ratio)
    course: Course = "stable"
    if abs(ratio) > limit and abs(change) >= GROWN_FROM:
        course = "grown" if ratio > 0 else "shrunk"
    if course == "stable":
        caveats = (*caveats, "within_error")
    if days == 0:
        caveats = (*caveats, "same_day")
    has_doubling = course == "grown" and days > 0
    return Growth(
        days=days,
        change=change,
        course=course,
        doubling_days=_doubling_days(ratio, days) if has_doubling else None,
        doubling_interval_days=(
            _doubling_days(ratio + limit, days),
            _doubling_days(ratio - limit, days),
        ),
        caveats=caveats,
    )


def _doubling_days(ratio: float, days: int) -> float | None:
    return days * math.log(2) / ratio if ratio > 0 and days > 0 else None


def _caveats(*sizes: Size) -> tuple[Caveat, ...]:
    found: list[Caveat] = []
    if any(size.diameter_mm < SMALL_MM for size in sizes):
        found.append("small")
    if any(size.slice_mm >= THICK_MM for size in sizes):
        found.append("thick")
    return tuple(found)
