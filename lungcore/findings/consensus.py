"""One set of nodules from several readers': by vote, or by STAPLE.

The readers' sets stay as they are; a consensus is another set beside them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lungcore.findings.attributes import SCALES
from lungcore.findings.finding import Position
from lungcore.findings.labels import Grid, LabelSet, Mark
from lungcore.findings.mask import Mask
from lungcore.findings.matching import match, sphere_costs
from lungcore.findings.tally import UNSIZED_MM
from lungcore.findings.voxels import center_mm, diameter_mm, trimmed

START = 0.99999  # sensitivity and specificity that STAPLE begins with, as ITK's does
CONVERGED = 1e-7
MOST_ROUNDS = 500

Method = Literal["vote", "staple"]
METHODS: tuple[Method, ...] = ("vote", "staple")

_Decisions = NDArray[np.bool_]  # (readers, slices, rows, columns)
_Voxels = NDArray[np.bool_]


class Member(NamedTuple):
    """A mark of a group: which of the readers made it, and which of that reader's nodules it is."""

    reader: int
    nodule: int


class Staple(NamedTuple):
    """For each voxel how probable it is that it belongs, and how good each reader was."""

    probability: NDArray[np.float64]
    sensitivity: NDArray[np.float64]
    specificity: NDArray[np.float64]


def members(sets: Sequence[LabelSet]) -> list[list[Member]]:
    """The readers' nodules of one series, grouped by which are one, at most one a reader in each.

    Reader after reader, in the order of their names, is matched with the nodules so far: distance
    to their mean centre, within the larger radius.
    """
    found: list[list[Member]] = []
    for place in sorted(range(len(sets)), key=lambda place: sets[place].reader):
        marks = sets[place].nodules
        known = [[sets[m.reader].nodules[m.nodule] for m in group] for group in found]
        costs = sphere_costs(
            [_mean_center(group) for group in known],
            [max(mark.diameter_mm or UNSIZED_MM for mark in group) for group in known],
            [mark.center_mm for mark in marks],
            [mark.diameter_mm or UNSIZED_MM for mark in marks],
        )
        matching = match(costs)
        for group, mark in matching.pairs:
            found[group].append(Member(place, mark))
        found += [[Member(place, mark)] for mark in matching.second_only]
    return found


def groups(sets: Sequence[LabelSet]) -> list[list[Mark]]:
    """As `members`, the marks themselves."""
    return [[sets[m.reader].nodules[m.nodule] for m in group] for group in members(sets)]


def vote(sets: Sequence[LabelSet], grid: Grid, reader: str = "vote") -> LabelSet:
    """The nodules that more than half of the readers marked, as most of these see them.

    Voxels that at least half of a nodule's masks hold; the mean centre and diameter where there
    are none; the median of the ratings, a half rounded up. LUNA16 asks for 3 of 4 readers too.
    """
    return _consensus(sets, grid, reader, "vote")


def staple(sets: Sequence[LabelSet], grid: Grid, reader: str = "staple") -> LabelSet:
    """As `vote`, but the voxels are those that STAPLE holds for more probable than not."""
    return _consensus(sets, grid, reader, "staple")


def estimate_truth(decisions: _Decisions) -> Staple:
    """STAPLE: Warfield, Zou & Wells, IEEE Trans Med Imaging 23:903-921 (2004).

    decisions: of shape (readers, ...). The prior is the share of voxels that readers marked.
    """
    d = decisions.reshape(len(decisions), -1)
    prior = d.mean()
    p, q = np.full(len(d), START), np.full(len(d), START)
    truth = d.mean(axis=0)
    if prior in (0, 1):
        return Staple(truth.reshape(decisions.shape[1:]), p, q)
    for _ in range(MOST_ROUNDS):
        inside = prior * np.where(d.T, p, 1 - p).prod(axis=1)
        outside = (1 - prior) * np.where(d.T, 1 - q, q).prod(axis=1)
        truth = inside / (inside + outside)
        new_p, new_q = d @ truth / truth.sum(), ~d @ (1 - truth) / (1 - truth).sum()
        moved = max(np.abs(new_p - p).max(), np.abs(new_q - q).max())
        p, q = new_p, new_q
        if moved < CONVERGED:
            break
    return Staple(truth.reshape(decisions.shape[1:]), p, q)


def agreed(name: str, group: Sequence[Mark], grid: Grid, method: Method) -> Mark:
    """What readers who all marked a nodule make of it together, as `vote` and `staple` say it."""
    masks = [mark.mask for mark in group if mark.mask is not None]
    mask = _combined(masks, DECIDE[method]) if masks else None
    sizes = [mark.diameter_mm for mark in group if mark.diameter_mm is not None]
    mean_mm = float(np.mean(sizes)) if sizes else None
    return Mark(
        name=name,
        kind="nodule",
        center_mm=_mean_center(group) if mask is None else center_mm(mask, grid),
        diameter_mm=mean_mm if mask is None else diameter_mm(mask, grid),
        attributes=median_ratings(group),
        mask=mask,
    )


def _consensus(sets: Sequence[LabelSet], grid: Grid, reader: str, method: Method) -> LabelSet:
    """Raises ValueError when the sets are of several series, or none."""
    (series_uid,) = {labels.series_uid for labels in sets}
    most = [group for group in groups(sets) if is_voted(len(group), len(sets))]
    marks = [agreed(str(n), group, grid, method) for n, group in enumerate(most, start=1)]
    return LabelSet(series_uid=series_uid, reader=reader, marks=tuple(marks))


def is_voted(marked: int, readers: int) -> bool:
    """Whether more than half of the readers marked it."""
    return 2 * marked > readers


def _combined(masks: Sequence[Mask], decide: Callable[[_Decisions], _Voxels]) -> Mask | None:
    """What is decided on the box around all masks and one voxel more, which no reader marked."""
    low = np.min([mask.origin for mask in masks], axis=0) - 1
    high = np.max([np.add(mask.origin, mask.voxels.shape) for mask in masks], axis=0) + 1
    decisions = np.zeros((len(masks), *(high - low)), bool)
    for decision, mask in zip(decisions, masks, strict=True):
        first = mask.origin - low
        box = tuple(slice(a, a + n) for a, n in zip(first, mask.voxels.shape, strict=True))
        decision[box] = mask.voxels
    return trimmed(decide(decisions), low)


def _voted(decisions: _Decisions) -> _Voxels:
    return 2 * decisions.sum(axis=0) >= len(decisions)


def _stapled(decisions: _Decisions) -> _Voxels:
    return estimate_truth(decisions).probability > 0.5


DECIDE: Mapping[Method, Callable[[_Decisions], _Voxels]] = {"vote": _voted, "staple": _stapled}


def median_ratings(group: Sequence[Mark]) -> dict[str, int]:
    """The median of each rating, a half rounded up."""
    names = [name for name in SCALES if any(name in mark.attributes for mark in group)]
    rated = {
        name: [mark.attributes[name] for mark in group if name in mark.attributes] for name in names
    }
    return {name: math.floor(median(values) + 0.5) for name, values in rated.items()}


def _mean_center(group: Sequence[Mark]) -> Position:
    x_mm, y_mm, z_mm = np.mean([mark.center_mm for mark in group], axis=0)
    return float(x_mm), float(y_mm), float(z_mm)
