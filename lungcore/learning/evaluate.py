"""Honest figures of a detector: a submission against the reference standard of LUNA16."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lungcore.findings.finding import Candidate
from lungcore.learning import froc
from lungcore.learning.froc import RATES, Sphere


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """Share of the nodules found at `rate` false positives a scan, with its 95 % interval."""

    rate: float
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Report:
    """What LUNA16's evaluation tells of a submission; cpm is the mean of the sensitivities.

    irrelevant: candidates on findings that count neither way. doubles: further candidates on a
    nodule already hit. unlisted: candidates of series that are not evaluated.
    """

    scans: int
    nodules: int
    candidates: int
    true_positives: int
    false_positives: int
    false_negatives: int
    irrelevant: int
    doubles: int
    unlisted: int
    sensitivities: tuple[Sensitivity, ...]
    cpm: float
    cpm_low: float
    cpm_high: float


def evaluate(
    submission: Mapping[str, Sequence[Candidate]],
    nodules: Mapping[str, Sequence[Sphere]],
    irrelevant: Mapping[str, Sequence[Sphere]],
    series: Sequence[str],
    *,
    rounds: int = 1000,
    seed: int = 0,
) -> Report:
    """LUNA16's figures over `series`, with intervals by bootstrap over scans.

    Raises ValueError when `series` is empty or holds no nodule at all.
    """
    results = [
        froc.judge(submission.get(uid, ()), nodules.get(uid, ()), irrelevant.get(uid, ()))
        for uid in series
    ]
    return report(results, unlisted=_unlisted(submission, series), rounds=rounds, seed=seed)


def report(
    results: Sequence[froc.ScanResult], *, unlisted: int = 0, rounds: int = 1000, seed: int = 0
) -> Report:
    """The figures of scans already judged."""
    hits = [hit for result in results for hit in result.hits]
    if not hits:
        raise ValueError("series hold no nodule")
    found = sum(hit > float("-inf") for hit in hits)
    false = sum(len(result.false_positives) for result in results)
    irrelevant = sum(result.irrelevant for result in results)
    doubles = sum(result.doubles for result in results)
    values = froc.sensitivities(results)
    low, high = froc.bootstrap(results, rounds, seed)
    return Report(
        scans=len(results),
        nodules=len(hits),
        candidates=found + doubles + false + irrelevant,
        true_positives=found,
        false_positives=false,
        false_negatives=len(hits) - found,
        irrelevant=irrelevant,
        doubles=doubles,
        unlisted=unlisted,
        sensitivities=tuple(
            Sensitivity(rate, float(value), float(least), float(most))
            for rate, value, least, most in zip(RATES, values, low[:-1], high[:-1], strict=True)
        ),
        cpm=float(values.mean()),
        cpm_low=float(low[-1]),
        cpm_high=float(high[-1]),
    )


def _unlisted(submission: Mapping[str, Sequence[Candidate]], series: Sequence[str]) -> int:
    listed = set(series)
    return sum(len(marks) for uid, marks in submission.items() if uid not in listed)
