"""Free-response evaluation by LUNA16's rule: a hit lies within the nodule's radius."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lungcore.findings.finding import Candidate

RATES = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)  # false positives a scan


@dataclass(frozen=True, slots=True)
class Sphere:
    """A nodule of the reference standard, or a place to leave out: LPS mm."""

    center_mm: tuple[float, float, float]
    diameter_mm: float


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Of one scan: the probability each nodule was found with (-inf when missed), and those of
    the false positives."""

    hits: tuple[float, ...]
    false_positives: tuple[float, ...]


def judge(
    candidates: Sequence[Candidate], nodules: Sequence[Sphere], ignored: Sequence[Sphere] = ()
) -> ScanResult:
    """Compare candidates with the nodules; what lies in `ignored` counts neither way.

    A nodule found twice counts once, with its higher probability (Setio 2017).
    """
    hits = [
        max((c.probability for c in candidates if lies_in(c, nodule)), default=-np.inf)
        for nodule in nodules
    ]
    false = [
        candidate.probability
        for candidate in candidates
        if not any(lies_in(candidate, sphere) for sphere in [*nodules, *ignored])
    ]
    return ScanResult(tuple(hits), tuple(false))


def lies_in(candidate: Candidate, sphere: Sphere) -> bool:
    """Whether the candidate's centre lies within the radius of `sphere`."""
    away = np.subtract(candidate.center_mm, sphere.center_mm)
    return float(np.linalg.norm(away)) <= sphere.diameter_mm / 2


def sensitivities(results: Sequence[ScanResult]) -> NDArray[np.float64]:
    """Sensitivity at each of `RATES`; their mean is the CPM."""
    hits = np.array([hit for result in results for hit in result.hits])
    false = np.sort([p for result in results for p in result.false_positives])[::-1]
    found = []
    for rate in RATES:
        allowed = int(rate * len(results))
        threshold = false[allowed] if allowed < len(false) else -np.inf
        found.append(np.mean(hits > threshold))
    return np.array(found)


def bootstrap(
    results: Sequence[ScanResult], rounds: int = 1000, seed: int = 0
) -> NDArray[np.float64]:
    """95 % intervals over scans, shape (2, rates + 1): low and high; the last is the CPM's."""
    rng = np.random.default_rng(seed)
    drawn = []
    for _ in range(rounds):
        chosen = [results[i] for i in rng.integers(len(results), size=len(results))]
        values = sensitivities(chosen)
        drawn.append([*values, values.mean()])
    return np.percentile(drawn, [2.5, 97.5], axis=0)
