"""The findings of a prior beside those of the current scan: which is which, and how it grew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lungcore.findings.finding import Finding, Position
from lungcore.findings.growth import Growth, growth, size_of
from lungcore.findings.matching import match, sphere_costs


@dataclass(frozen=True, slots=True)
class Scan:
    """What a reading keeps of a series, on slices `slice_mm` apart."""

    findings: Sequence[Finding]
    slice_mm: float


@dataclass(frozen=True, slots=True)
class Pair:
    """One nodule in two scans; None where it was not marked. growth: where it is in both."""

    prior: Finding | None
    current: Finding | None
    growth: Growth | None


def compare(
    prior: Scan,
    current: Scan,
    days: int,
    *,
    to_current: Callable[[Position], Position],
    reach_mm: float,
) -> list[Pair]:
    """Pairs first, in the order of the current findings; then new ones, then those gone.

    to_current: where a place of the prior lies in the current scan. reach_mm: how far off two
    centres may lie, if that is more than the larger radius (Hungarian method on the distances).
    """
    there = [to_current(finding.center_mm) for finding in prior.findings]
    costs = sphere_costs(
        np.array([one.center_mm for one in current.findings]),
        [max(one.diameter_mm, 2 * reach_mm) for one in current.findings],
        np.array(there),
        [max(one.diameter_mm, 2 * reach_mm) for one in prior.findings],
    )
    found = match(costs)
    pairs = [
        _pair(prior.findings[j], prior.slice_mm, current.findings[i], current.slice_mm, days)
        for i, j in sorted(found.pairs)
    ]
    new = [Pair(None, current.findings[i], None) for i in found.first_only]
    gone = [Pair(prior.findings[j], None, None) for j in found.second_only]
    return [*pairs, *new, *gone]


def _pair(
    before: Finding, before_slice_mm: float, now: Finding, now_slice_mm: float, days: int
) -> Pair:
    sizes = size_of(before, before_slice_mm), size_of(now, now_slice_mm)
    return Pair(before, now, growth(*sizes, days))
