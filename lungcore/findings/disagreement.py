"""What readers of a series say differently, and the set that an adjudicator's decisions leave."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from lungcore.findings.adjudication import MEDIAN, Adjudication, Decision
from lungcore.findings.consensus import Member, agreed, median_ratings
from lungcore.findings.labels import Grid, LabelSet, Mark

MALIGNANCY_STEPS = 2  # of five: "unlikely" against "indeterminate" is not yet one
DIAMETER_SHARE = 0.25  # of the mean diameter: about half of the volume, or twice
Dispute = Literal["presence", "malignancy", "diameter"]
DISPUTES: tuple[Dispute, ...] = ("presence", "malignancy", "diameter")


def disputes(group: Sequence[Mark], readers: int) -> tuple[Dispute, ...]:
    """What the marks of one nodule differ in. readers: how many looked.

    Presence: somebody did not mark it. Malignancy: ratings MALIGNANCY_STEPS apart or more.
    Diameter: the largest exceeds the smallest by more than DIAMETER_SHARE of their mean.
    """
    rated = [mark.attributes["malignancy"] for mark in group if "malignancy" in mark.attributes]
    sizes = [mark.diameter_mm for mark in group if mark.diameter_mm is not None]
    differs: Mapping[Dispute, bool] = {
        "presence": len(group) < readers,
        "malignancy": bool(rated) and max(rated) - min(rated) >= MALIGNANCY_STEPS,
        "diameter": bool(sizes)
        and max(sizes) - min(sizes) > DIAMETER_SHARE * sum(sizes) / len(sizes),
    }
    return tuple(name for name in DISPUTES if differs[name])


def decided(
    state: Adjudication, sets: Sequence[LabelSet], grid: Grid, series_uid: str, reader: str
) -> LabelSet:
    """The nodules that the decisions leave, as one set of `reader`. sets: of the readers, in order.

    Raises ValueError when a group is not decided.
    """
    if not state.is_decided:
        raise ValueError("state must be decided on every group")
    marks = [
        _mark(str(number + 1), group, state.decisions[number], sets, grid)
        for number, group in enumerate(state.groups)
        if state.decisions[number].is_nodule
    ]
    return LabelSet(series_uid=series_uid, reader=reader, marks=tuple(marks))


def _mark(
    name: str, group: Sequence[Member], by: Decision, sets: Sequence[LabelSet], grid: Grid
) -> Mark:
    own = {member.reader: sets[member.reader].nodules[member.nodule] for member in group}
    marks = list(own.values())
    if isinstance(by.outline, int):
        found = replace(own[by.outline], name=name)
    else:
        found = agreed(name, marks, grid, by.outline)
    if by.ratings != MEDIAN:
        return replace(found, attributes=dict(own[by.ratings].attributes))
    return replace(found, attributes=median_ratings(marks))
