"""What other people's files say of a series: each reader's marks, before and after they are placed.

A file knows its own grid or none. Its marks are `Drawn`; `lungcore.findings.placing` puts them on
the series' voxels, and they are `Mark` from then on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lungcore.findings.finding import Position
from lungcore.findings.mask import Index, Mask

# nodule: of 3 mm or more. small_nodule: below that, a place without a size. non_nodule: looked at
# and found to be none. structure: anything else that was outlined, an organ for instance.
MarkKind = Literal["nodule", "small_nodule", "non_nodule", "structure"]
KINDS: tuple[MarkKind, ...] = ("nodule", "small_nodule", "non_nodule", "structure")
LESION = re.compile(r"nodule|tumou?r|lesion|neoplasm|mass|cancer|carcinoma|\bgtv", re.IGNORECASE)


class Grid(NamedTuple):
    """The voxels of a series: (slices, rows, columns), and (slice, row, column, 1) to LPS mm."""

    shape: Index
    affine: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A closed line on one slice, points of shape (n, 3).

    how: its inside belongs to what is outlined (`add`), is a hole in it (`hole`), or is a hole
        where another line is around it (`toggle`).
    """

    points: NDArray[np.float64]
    how: Literal["add", "hole", "toggle"] = "add"


@dataclass(frozen=True, slots=True, eq=False)
class Voxels:
    """bool voxels [slice, row, column] of a grid of their own, with its affine to LPS mm."""

    voxels: NDArray[np.bool_]
    affine: NDArray[np.float64]


Shape = tuple[Outline, ...] | Voxels


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drawn:
    """A mark as a file gives it.

    center: where it is, or None where that follows from its shape.
    attributes: of `findings.attributes.SCALES` by name, as far as they were rated.
    in_pixels: whether centre and outlines are (column, row, z in mm) and not (x, y, z) LPS mm.
    """

    name: str
    kind: MarkKind = "nodule"
    center: Position | None = None
    diameter_mm: float | None = None
    attributes: Mapping[str, int] = field(default_factory=dict)
    shape: Shape | None = None
    in_pixels: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnSet:
    """What one reader drew on one series. No marks: the reader found nothing to mark."""

    series_uid: str
    reader: str
    marks: tuple[Drawn, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mark:
    """A mark on its series.

    diameter_mm: of the sphere of the same volume where there is a mask; None where nothing is said.
    """

    name: str
    kind: MarkKind
    center_mm: Position
    diameter_mm: float | None
    attributes: Mapping[str, int]
    mask: Mask | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelSet:
    """The marks of one reader on one series. `reader` is a pseudonym where the file gives one."""

    series_uid: str
    reader: str
    marks: tuple[Mark, ...]

    @property
    def nodules(self) -> tuple[Mark, ...]:
        """The marks that are nodules of 3 mm or more."""
        return tuple(mark for mark in self.marks if mark.kind == "nodule")


def kind_of(name: str) -> MarkKind:
    """What an outline is that only a name tells of: a lesion counts as a nodule."""
    return "nodule" if LESION.search(name.replace("_", " ")) else "structure"


def told_apart(names: list[str]) -> list[str]:
    """The names, numbered where one stands for several ("anon" of anonymised readers)."""
    if len(set(names)) == len(names):
        return names
    return [f"{name}-{number}" for number, name in enumerate(names, start=1)]
