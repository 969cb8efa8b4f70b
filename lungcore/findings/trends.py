"""How far each reader agrees with the others, month by month."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from lungcore.findings.attributes import SCALES
from lungcore.findings.labels import LabelSet
from lungcore.findings.statistics import Estimate, kappa, positive_agreement
from lungcore.findings.tally import Matches, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthAgreement:
    """What one reader signed in one month, against what others ever said of the same series.

    month: as 2026-03. Counts as in `ReaderAgreement`; kappa: of malignancy, `rated` by both.
    """

    reader: str
    month: str
    series: int
    both: int
    alone: int
    missed: int
    positive_agreement: Estimate
    rated: int
    kappa: float


def agreement_over_time(
    sets: Sequence[tuple[LabelSet, str]], matches: Matches | None = None
) -> list[MonthAgreement]:
    """Each reader month by month, of label sets with the months that they were signed in.

    A set without a month ("") is one to compare with and no more. matches: shared with who compares
    the same sets.
    """
    matches = matches or Matches()
    by_series: dict[str, list[tuple[LabelSet, str]]] = {}
    for labels, month in sets:
        by_series.setdefault(labels.series_uid, []).append((labels, month))
    tallies: dict[tuple[str, str], Tally] = {}
    series: Counter[tuple[str, str]] = Counter()
    for readings in by_series.values():
        for (one, month), (other, _) in permutations(readings, 2):
            if month:
                tally = tallies.setdefault((one.reader, month), Tally())
                tally.add(one.nodules, other.nodules, matches.of(one, other))
        series.update((one.reader, month) for one, month in readings if len(readings) > 1)
    return [_month(key, series[key], tally) for key, tally in sorted(tallies.items())]


def _month(key: tuple[str, str], series: int, tally: Tally) -> MonthAgreement:
    counts = len(tally.pairs), tally.first_only, tally.second_only
    rated = tally.rated("malignancy")
    first, second = zip(*rated, strict=True) if rated else ((), ())
    return MonthAgreement(
        reader=key[0],
        month=key[1],
        series=series,
        both=counts[0],
        alone=counts[1],
        missed=counts[2],
        positive_agreement=positive_agreement(*counts),
        rated=len(rated),
        kappa=kappa(first, second, SCALES["malignancy"]),
    )
