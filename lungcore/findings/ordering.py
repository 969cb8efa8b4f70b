"""In which order the cases of a round are read, by strategies that have names."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from lungcore.findings.finding import Finding
from lungcore.findings.matching import match, sphere_costs


@dataclass(frozen=True, slots=True)
class Case:
    """What an order goes by.

    number: names the case. study_date: ISO or "".
    uncertainty: of the model, 0 to 1; disagreement: of readers, 0 to 1; None where unknown.
    stratum: cases of the same one are alike.
    """

    number: int
    study_date: str = ""
    uncertainty: float | None = None
    disagreement: float | None = None
    stratum: Hashable = None


def ordered(cases: Iterable[Case], strategy: str, seed: int | str) -> list[Case]:
    """The cases in the order of the strategy, one of STRATEGIES; a tie by chance, from the seed.

    uncertainty, disagreement: the largest first, the unknown last. diversity: one of each stratum,
    then the second of each. oldest: by the date of the study, the unknown last.
    """
    chance = sorted(cases, key=lambda case: _chance(case.number, seed))
    return STRATEGIES[strategy](chance)


def mixed(cases: Sequence[Case], others: Sequence[Case], seed: str) -> list[Case]:
    """The cases in their order, with the others among them at places by chance, from the seed.

    Any set of places is as likely as any other, so the order tells nothing of which are which.
    """
    total = len(cases) + len(others)
    drawn = sorted(range(total), key=lambda place: _chance(place, seed))[: len(others)]
    shuffled = iter(sorted(others, key=lambda case: _chance(case.number, seed)))
    given, places = iter(cases), set(drawn)
    return [next(shuffled if place in places else given) for place in range(total)]


def uncertainty(probabilities: Iterable[float]) -> float | None:
    """Of the finding that the model is least sure of: 1 at a probability of 0.5; None without."""
    return max((1 - abs(2 * p - 1) for p in probabilities), default=None)


def disagreement(readers: Sequence[Sequence[Finding]]) -> float | None:
    """1 - the mean positive agreement of all pairs of readers; None for fewer than two.

    Marks are the same when their centres are nearer than the larger radius; two readers who both
    mark nothing agree.
    """
    pairs = [_disagreement(one, other) for one, other in combinations(readers, 2)]
    return math.fsum(pairs) / len(pairs) if pairs else None


def _disagreement(one: Sequence[Finding], other: Sequence[Finding]) -> float:
    marks = len(one) + len(other)
    if not one or not other:
        return float(marks > 0)
    geometry = [
        part
        for marked in (one, other)
        for part in ([f.center_mm for f in marked], [f.diameter_mm for f in marked])
    ]
    return 1 - 2 * len(match(sphere_costs(*geometry)).pairs) / marks


def _chance(number: int, seed: int | str) -> bytes:
    return hashlib.sha256(f"{seed}/{number}".encode()).digest()


def _by_largest(of: Callable[[Case], float | None]) -> Callable[[list[Case]], list[Case]]:
    return lambda cases: sorted(cases, key=lambda case: (of(case) is None, -(of(case) or 0.0)))


def _diverse(cases: list[Case]) -> list[Case]:
    seen: Counter[Hashable] = Counter()
    rounds = []
    for case in cases:
        rounds.append((seen[case.stratum], case))
        seen[case.stratum] += 1
    return [case for _, case in sorted(rounds, key=lambda pair: pair[0])]


def _oldest(cases: list[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: (not case.study_date, case.study_date))


STRATEGIES: Mapping[str, Callable[[list[Case]], list[Case]]] = {
    "uncertainty": _by_largest(lambda case: case.uncertainty),
    "disagreement": _by_largest(lambda case: case.disagreement),
    "diversity": _diverse,
    "random": list,
    "oldest": _oldest,
}
