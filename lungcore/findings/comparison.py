"""The findings of a prior beside those of the current scan: which is which, and how it grew."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lungcore.findings.finding import Finding, Position
from lungcore.findings.growth import Growth, Size, growth, size_of
from lungcore.findings.matching import match, sphere_costs


@dataclass(frozen=True, slots=True)
class Scan:
    """What a reading keeps of a series, on slices `slice_mm` apart.

    outlined_mm3: volume of the machine's own outline of its findings, by uid. It stands for those
    that no reader has given another shape.
    """

    findings: Sequence[Finding]
    slice_mm: float
    outlined_mm3: Mapping[str, float] = field(default_factory=dict)

    def size(self, finding: Finding) -> Size:
        """The best that is known of a finding's size."""
        outlined = self.outlined_mm3.get(finding.finding_uid)
        if outlined and finding.state in ("machine", "accepted"):
            return Size((6 * outlined / math.pi) ** (1 / 3), outlined, self.slice_mm)
        return size_of(finding, self.slice_mm)


@dataclass(frozen=True, slots=True)
class Pair:
    """One nodule in two scans; None where it was not marked.

    sizes: prior and current, what `growth` was worked out from. growth: where it is in both.
    """

    prior: Finding | None
    current: Finding | None
    sizes: tuple[Size | None, Size | None]
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
    found_pairs = [(prior.findings[j], current.findings[i]) for i, j in sorted(found.pairs)]
    new = [(None, current.findings[i]) for i in found.first_only]
    gone = [(prior.findings[j], None) for j in found.second_only]
    return [_pair(prior, current, days, *both) for both in [*found_pairs, *new, *gone]]


def _pair(
    prior: Scan, current: Scan, days: int, before: Finding | None, now: Finding | None
) -> Pair:
    sizes = (prior.size(before) if before else None, current.size(now) if now else None)
    first, second = sizes
    return Pair(before, now, sizes, growth(first, second, days) if first and second else None)
