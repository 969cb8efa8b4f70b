"""Vessels and airways: trees that fill the lungs.

Each tip is joined to the node that makes the way from the root short; radii follow Murray's law
(the cube of a parent's radius is the sum of its children's cubes).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.phantom.canvas import Blend, Canvas

DETOUR = 0.22  # how much of the way back to the root counts against joining a node
LARGEST_MM = 6.5
MURRAY = 2.7  # fitted to lungs; 3 in theory


@dataclass(frozen=True, slots=True)
class Tree:
    """points: (z, y, x) in mm, shape (n, 3), the root first. parents: of the others, shape (n-1,).

    radii_mm: of the branch that leads to each point but the root.
    """

    points: NDArray[np.float64]
    parents: NDArray[np.intp]
    radii_mm: NDArray[np.float64]


def grow(
    root: NDArray[np.float64],
    tips: NDArray[np.float64],
    *,
    tip_radius_mm: float,
    rng: np.random.Generator,
) -> Tree:
    """A tree from `root` to all of `tips`, shape (n, 3)."""
    tips = tips[np.argsort(np.linalg.norm(tips - root, axis=1))]
    points = np.vstack([root, tips])
    ways = np.zeros(len(points))
    parents = np.zeros(len(tips), np.intp)
    for number in range(1, len(points)):
        distances = np.linalg.norm(points[:number] - points[number], axis=1)
        parent = int(np.argmin(distances + DETOUR * ways[:number]))
        parents[number - 1] = parent
        ways[number] = ways[parent] + distances[parent]
    return _with_bends(points, parents, _radii(parents, tip_radius_mm), rng)


def paint(canvas: Canvas, tree: Tree, hu: float, how: Blend, grown_mm: float = 0.0) -> None:
    """Paint the tree's branches, `grown_mm` thicker than they are."""
    for number, parent in enumerate(tree.parents):
        canvas.capsule(
            tree.points[parent],
            tree.points[number + 1],
            tree.radii_mm[number] + grown_mm,
            hu,
            how,
        )


def _radii(parents: NDArray[np.intp], tip_radius_mm: float) -> NDArray[np.float64]:
    sums = np.zeros(len(parents) + 1)
    for number in range(len(parents), 0, -1):
        sums[number] = max(sums[number], tip_radius_mm**MURRAY)
        sums[parents[number - 1]] += sums[number]
    return np.minimum(sums[1:] ** (1 / MURRAY), LARGEST_MM)


def _with_bends(
    points: NDArray[np.float64],
    parents: NDArray[np.intp],
    radii_mm: NDArray[np.float64],
    rng: np.random.Generator,
) -> Tree:
    """The tree with a point added in the middle of each branch, a little off the straight line."""
    starts, ends = points[parents], points[1:]
    lengths = np.linalg.norm(ends - starts, axis=1, keepdims=True)
    middles = (starts + ends) / 2 + 0.10 * lengths * rng.standard_normal(starts.shape)
    count = len(points)
    to_middle = np.arange(count, count + len(middles))
    return Tree(
        np.vstack([points, middles]),
        np.concatenate([to_middle, parents]),
        np.concatenate([radii_mm, radii_mm]),
    )
