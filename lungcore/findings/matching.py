"""Which of one list belongs to which of another: pairs and left-overs."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment


class Matching(NamedTuple):
    """Indices: pairs (of the first list, of the second), and those left over in each."""

    pairs: tuple[tuple[int, int], ...]
    first_only: tuple[int, ...]
    second_only: tuple[int, ...]

    @property
    def turned(self) -> "Matching":
        """The same with first and second exchanged."""
        pairs = tuple(sorted((j, i) for i, j in self.pairs))
        return Matching(pairs, self.second_only, self.first_only)


def match(costs: ArrayLike) -> Matching:
    """As many pairs as can be, and of these the ones that cost least (Hungarian method).

    costs: of shape (first, second), none negative; infinite where two cannot be a pair.
    """
    given = np.asarray(costs, float)
    if given.ndim != 2:
        raise ValueError(f"costs must have 2 dimensions, not {given.ndim}")
    can = np.isfinite(given)
    # Dearer than all other pairs together: a pair that cannot be is taken only when it must be.
    dear = given[can].sum() + 1.0
    found = linear_sum_assignment(np.where(can, given, dear))
    pairs = tuple((int(i), int(j)) for i, j in zip(*found, strict=True) if can[i, j])
    taken = [{pair[side] for pair in pairs} for side in (0, 1)]
    first, second = (
        tuple(i for i in range(given.shape[side]) if i not in taken[side]) for side in (0, 1)
    )
    return Matching(pairs, first, second)


def sphere_costs(
    first_mm: ArrayLike,
    first_diameters_mm: ArrayLike,
    second_mm: ArrayLike,
    second_diameters_mm: ArrayLike,
) -> NDArray[np.float64]:
    """Distances of centres in mm; infinite beyond the larger of the two radii.

    first_mm, second_mm: centres (x, y, z), shape (n, 3).
    """
    first, second = (np.asarray(c, float).reshape(-1, 3) for c in (first_mm, second_mm))
    distances = np.linalg.norm(first[:, None] - second[None], axis=-1)
    one, other = (np.asarray(d, float) for d in (first_diameters_mm, second_diameters_mm))
    reach = np.maximum(one[:, None], other[None]) / 2
    return np.where(distances <= reach, distances, np.inf)
