"""Free-response evaluation by the rule of LUNA16 (Setio 2017), as its organisers' script has it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lungcore.findings.finding import Candidate

RATES = (1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8)  # false positives a scan
MOST_MARKS = 100  # of a scan that count, the most probable


@dataclass(frozen=True, slots=True)
class Sphere:
    """A nodule of the reference standard, or an irrelevant finding: LPS mm."""

    center_mm: tuple[float, float, float]
    diameter_mm: float


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Of one scan: the probability each nodule was found with (-inf when missed), and those of
    the false positives.

    irrelevant: candidates on findings that count neither way. doubles: candidates beyond the
    first on one nodule.
    """

    hits: tuple[float, ...]
    false_positives: tuple[float, ...]
    irrelevant: int = 0
    doubles: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """False positives a scan and sensitivity at falling thresholds, each of shape (n,)."""

    false_positives: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    threshold: NDArray[np.float64]


def judge(
    candidates: Sequence[Candidate], nodules: Sequence[Sphere], irrelevant: Sequence[Sphere] = ()
) -> ScanResult:
    """Compare the candidates of a scan with its nodules.

    A nodule is hit by a candidate nearer than its radius, and counts once, with its most probable
    candidate. What lies in an `irrelevant` finding and hits no nodule counts neither way.
    """
    marks = sorted(candidates, key=lambda candidate: -candidate.probability)[:MOST_MARKS]
    probability = np.array([mark.probability for mark in marks])
    on_nodule, on_irrelevant = _lying_in(marks, nodules), _lying_in(marks, irrelevant)
    hits = [float(probability[hit].max()) if hit.any() else -np.inf for hit in on_nodule.T]
    spare = ~on_nodule.any(axis=1)
    ignored = spare & on_irrelevant.any(axis=1)
    return ScanResult(
        tuple(hits),
        tuple(probability[spare & ~ignored].tolist()),
        irrelevant=int(ignored.sum()),
        doubles=int(np.maximum(on_nodule.sum(axis=0) - 1, 0).sum()),
    )


def lies_in(candidate: Candidate, sphere: Sphere) -> bool:
    """Whether the candidate's centre is nearer to that of `sphere` than its radius."""
    return bool(_lying_in([candidate], [sphere])[0, 0])


def _lying_in(marks: Sequence[Candidate], spheres: Sequence[Sphere]) -> NDArray[np.bool_]:
    """Which of the marks (rows) lie in which of the spheres (columns)."""
    centres = np.array([mark.center_mm for mark in marks]).reshape(-1, 1, 3)
    middles = np.array([sphere.center_mm for sphere in spheres]).reshape(1, -1, 3)
    radii = np.array([sphere.diameter_mm for sphere in spheres]) / 2
    return np.linalg.norm(centres - middles, axis=-1) < radii


def curve(results: Sequence[ScanResult]) -> Curve:
    """The FROC curve of all scans together; it starts at (0, 0)."""
    marks = _Marks(results)
    return marks.curve(np.ones(len(results)))


def sensitivities(results: Sequence[ScanResult]) -> NDArray[np.float64]:
    """Sensitivity at each of `RATES`, interpolated on the curve; their mean is the CPM."""
    return at_rates(curve(results))


def threshold_at(results: Sequence[ScanResult], rate: float) -> float:
    """The lowest threshold with at most `rate` false positives a scan."""
    found = curve(results)
    return float(found.threshold[np.searchsorted(found.false_positives, rate, side="right") - 1])


def bootstrap(
    results: Sequence[ScanResult], rounds: int = 1000, seed: int = 0
) -> NDArray[np.float64]:
    """95 % intervals over scans drawn anew, (2, rates + 1): low and high; the last is the CPM's."""
    values = resampled(results, rounds, seed)
    drawn = np.column_stack([values, values.mean(axis=1)])
    return np.percentile(drawn, [2.5, 97.5], axis=0)


def resampled(
    results: Sequence[ScanResult],
    rounds: int = 1000,
    seed: int = 0,
    rates: ArrayLike = RATES,
) -> NDArray[np.float64]:
    """Sensitivity at each of `rates` with scans drawn anew, (rounds, rates).

    The same seed draws the same scans, so that two models on the same scans are paired.
    """
    rng = np.random.default_rng(seed)
    marks = _Marks(results)
    drawn = []
    for _ in range(rounds):
        chosen = rng.integers(len(results), size=len(results))
        times = np.bincount(chosen, minlength=len(results))
        if times @ marks.nodules:  # a draw without nodules has no sensitivity
            drawn.append(at_rates(marks.curve(times), rates))
    return np.array(drawn)


def at_rates(found: Curve, rates: ArrayLike = RATES) -> NDArray[np.float64]:
    """Sensitivity at each of `rates`, interpolated on the curve."""
    return np.interp(np.asarray(rates), found.false_positives, found.sensitivity)


class _Marks:
    """All marks that count, most probable first, ready to be weighted scan by scan."""

    def __init__(self, results: Sequence[ScanResult]) -> None:
        hits = [(p, n, 1) for n, r in enumerate(results) for p in r.hits if p > -np.inf]
        false = [(p, n, 0) for n, r in enumerate(results) for p in r.false_positives]
        probability, scan, hit = np.array([*hits, *false]).reshape(-1, 3).T
        order = np.argsort(-probability, kind="stable")
        self.probability, self.hit = probability[order], hit[order] > 0
        self.scan = scan[order].astype(int)
        self.nodules = np.array([len(result.hits) for result in results])
        # Marks of one probability pass a threshold together.
        self.last = np.append(self.probability[1:] != self.probability[:-1], True)[: len(order)]

    def curve(self, times: NDArray) -> Curve:
        """With each scan counted so many `times`."""
        weight = times[self.scan]
        true = np.cumsum(weight * self.hit)[self.last]
        false = np.cumsum(weight * ~self.hit)[self.last]
        return Curve(
            np.append(0.0, false / times.sum()),
            np.append(0.0, true / max(times @ self.nodules, 1)),
            np.append(np.inf, self.probability[self.last]),
        )
