"""Which nodules of two readings are the same, added up over the series that both are of.

Nodules are matched in 3D, Hungarian on the distance of centres within the larger radius.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lungcore.findings.labels import LabelSet, Mark
from lungcore.findings.matching import Matching, match, sphere_costs

UNSIZED_MM = 3.0  # of a nodule whose reader gave no size


@dataclass(slots=True)
class Tally:
    """What a first and a second reader's marks add up to; `pairs` are of the same nodule."""

    series: int = 0
    first_only: int = 0
    second_only: int = 0
    pairs: list[tuple[Mark, Mark]] = field(default_factory=list)

    def add(
        self, first: Sequence[Mark], second: Sequence[Mark], known: Matching | None = None
    ) -> Matching:
        """Count the marks of one more series; returns which of them are the same.

        known: which, where it was found out before.
        """
        found = known or match_nodules(first, second)
        self.series += 1
        self.first_only += len(found.first_only)
        self.second_only += len(found.second_only)
        self.pairs += [(first[i], second[j]) for i, j in found.pairs]
        return found

    @property
    def sized_mm(self) -> list[tuple[float, float]]:
        """The diameters of each nodule that both measured."""
        return [
            (a.diameter_mm, b.diameter_mm) for a, b in self.pairs if a.diameter_mm and b.diameter_mm
        ]

    def rated(self, name: str) -> list[tuple[int, int]]:
        """Both ratings of an attribute, of each nodule that both rated by it."""
        return [
            (a.attributes[name], b.attributes[name])
            for a, b in self.pairs
            if name in a.attributes and name in b.attributes
        ]


class Matches:
    """Which nodules of two readers of a series are the same; each two are matched once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], Matching] = {}

    def of(self, first: LabelSet, second: LabelSet) -> Matching:
        """As `match_nodules`, of two readings of one series."""
        uid, one, other = first.series_uid, first.reader, second.reader
        if (uid, other, one) in self._known:
            return self._known[uid, other, one].turned
        if (uid, one, other) not in self._known:
            self._known[uid, one, other] = match_nodules(first.nodules, second.nodules)
        return self._known[uid, one, other]


def match_nodules(first: Sequence[Mark], second: Sequence[Mark]) -> Matching:
    """Which marks are of one nodule: centres nearer than the larger radius."""
    places, sizes = [], []
    for marks in (first, second):
        places.append([mark.center_mm for mark in marks])
        sizes.append([mark.diameter_mm or UNSIZED_MM for mark in marks])
    return match(sphere_costs(places[0], sizes[0], places[1], sizes[1]))
