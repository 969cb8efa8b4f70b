"""How far readers of the same series agree: per pair of readers and per reader.

Nodules are matched as `lungcore.findings.tally` does; what is compared of them is compared on
matched ones.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lungcore.findings.attributes import SCALES
from lungcore.findings.labels import LabelSet
from lungcore.findings.mask import Mask
from lungcore.findings.statistics import (
    BlandAltman,
    Estimate,
    bland_altman,
    icc,
    kappa,
    positive_agreement,
)
from lungcore.findings.tally import Matches, Tally

UNORDERED = ("internal_structure", "calcification")  # their values are names, not steps


@dataclass(frozen=True, slots=True)
class RatingAgreement:
    """Of one attribute: kappa, weighted where the scale has steps, and ICC(2,1)."""

    n: int
    kappa: float
    icc: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAgreement:
    """Two readers over the series that both read.

    both, first_only, second_only: nodules. dice: mean over the `outlined` pairs of masks, or NaN.
    ratings: by attribute, of those that both rated. sized_mm: diameters of each nodule that both
    measured, first and second. diameters_mm: first less second.
    """

    first: str
    second: str
    series: int
    both: int
    first_only: int
    second_only: int
    positive_agreement: Estimate
    outlined: int
    dice: float
    ratings: Mapping[str, RatingAgreement]
    sized_mm: Sequence[tuple[float, float]]
    diameters_mm: BlandAltman


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderAgreement:
    """One reader against all others, each pair of readings counted once.

    alone: marks that the other reader did not make; missed: the other's that this one did not.
    dice, kappas: means over the pairs, weighted by what each rests on; NaN where there is nothing.
    """

    reader: str
    both: int
    alone: int
    missed: int
    positive_agreement: Estimate
    dice: float
    kappas: Mapping[str, float]


def dice(first: Mask, second: Mask) -> float:
    """Twice the voxels in common over the voxels of both, 0 to 1; on the same series."""
    low = np.maximum(first.origin, second.origin)
    high = np.minimum(
        np.add(first.origin, first.voxels.shape), np.add(second.origin, second.voxels.shape)
    )
    total = int(first.voxels.sum()) + int(second.voxels.sum())
    if (high <= low).any():
        return 0.0
    one, other = (
        mask.voxels[
            tuple(slice(a, b) for a, b in zip(low - mask.origin, high - mask.origin, strict=True))
        ]
        for mask in (first, second)
    )
    return 2 * int((one & other).sum()) / total


def agreement_of_pairs(
    sets: Sequence[LabelSet], matches: Matches | None = None
) -> list[PairAgreement]:
    """Every two readers who read a series in common, in the order of their names.

    matches: shared with who compares the same sets.
    """
    matches = matches or Matches()
    tallies: dict[tuple[str, str], Tally] = {}
    by_series: dict[str, list[LabelSet]] = {}
    for labels in sets:
        by_series.setdefault(labels.series_uid, []).append(labels)
    for readings in by_series.values():
        ordered = sorted(readings, key=lambda labels: labels.reader)
        for first, second in combinations(ordered, 2):
            tally = tallies.setdefault((first.reader, second.reader), Tally())
            tally.add(first.nodules, second.nodules, matches.of(first, second))
    return [_pair(*readers, tally) for readers, tally in sorted(tallies.items())]


def agreement_of_readers(pairs: Sequence[PairAgreement]) -> list[ReaderAgreement]:
    """Each reader against the others, from what `agreement_of_pairs` gives."""
    readers = sorted({reader for pair in pairs for reader in (pair.first, pair.second)})
    return [_reader(reader, pairs) for reader in readers]


def _pair(first: str, second: str, tally: Tally) -> PairAgreement:
    overlaps = [dice(a.mask, b.mask) for a, b in tally.pairs if a.mask and b.mask]
    sized = tally.sized_mm
    diameters = np.array(sized, float).reshape(-1, 2)
    counts = len(tally.pairs), tally.first_only, tally.second_only
    return PairAgreement(
        first=first,
        second=second,
        series=tally.series,
        both=counts[0],
        first_only=counts[1],
        second_only=counts[2],
        positive_agreement=positive_agreement(*counts),
        outlined=len(overlaps),
        dice=float(np.mean(overlaps)) if overlaps else math.nan,
        ratings=_ratings(tally),
        sized_mm=sized,
        diameters_mm=bland_altman(diameters[:, 0], diameters[:, 1]),
    )


def _ratings(tally: Tally) -> dict[str, RatingAgreement]:
    found = {}
    for name, scale in SCALES.items():
        rated = tally.rated(name)
        if rated:
            first, second = zip(*rated, strict=True)
            value = kappa(first, second, scale, ordered=name not in UNORDERED)
            found[name] = RatingAgreement(len(rated), value, icc(rated))
    return found


def _reader(reader: str, pairs: Sequence[PairAgreement]) -> ReaderAgreement:
    own = [pair for pair in pairs if reader in (pair.first, pair.second)]
    both = sum(pair.both for pair in own)
    alone = sum(pair.first_only if pair.first == reader else pair.second_only for pair in own)
    missed = sum(pair.second_only if pair.first == reader else pair.first_only for pair in own)
    kappas = {
        name: _weighted(
            [(p.ratings[name].kappa, p.ratings[name].n) for p in own if name in p.ratings]
        )
        for name in SCALES
    }
    return ReaderAgreement(
        reader=reader,
        both=both,
        alone=alone,
        missed=missed,
        positive_agreement=positive_agreement(both, alone, missed),
        dice=_weighted([(pair.dice, pair.outlined) for pair in own]),
        kappas=kappas,
    )


def _weighted(values: Sequence[tuple[float, int]]) -> float:
    """The mean of (value, weight), without those that are NaN."""
    known = [(value, weight) for value, weight in values if not math.isnan(value)]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else math.nan
