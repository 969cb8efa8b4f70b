"""Nodules whose place and size are known exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.phantom.canvas import Canvas

Kind = Literal["solid", "spiculated", "part_solid", "ground_glass", "pleural"]
SOLID_HU, GROUND_GLASS_HU = 38.0, -610.0


@dataclass(frozen=True, slots=True)
class Nodule:
    """center_mm: (x, y, z) in LPS mm. diameter_mm: of the sphere of the same volume.

    malignant: looks as malignant nodules do (spiculated or part-solid); it is a phantom, so
    nothing more is meant.
    """

    center_mm: tuple[float, float, float]
    diameter_mm: float
    kind: Kind
    malignant: bool


def paint_nodule(canvas: Canvas, nodule: Nodule, rng: np.random.Generator) -> None:
    """Paint a nodule over what is there."""
    centre = np.array(nodule.center_mm[::-1])
    radius = nodule.diameter_mm / 2
    if nodule.kind == "ground_glass":
        _paint_lobed(canvas, centre, radius, GROUND_GLASS_HU, 0.06, rng)
    elif nodule.kind == "part_solid":
        _paint_lobed(canvas, centre, radius, GROUND_GLASS_HU + 40, 0.08, rng)
        _paint_lobed(canvas, centre, 0.5 * radius, SOLID_HU - 20, 0.10, rng)
    elif nodule.kind == "spiculated":
        _paint_lobed(canvas, centre, radius, SOLID_HU, 0.15, rng)
        for direction in _directions(60, rng):
            start = centre + 0.8 * radius * direction
            end = centre + radius * rng.uniform(1.25, 1.8) * direction
            canvas.capsule(start, end, rng.uniform(0.4, 0.7), SOLID_HU - 40, "lighter")
    else:
        _paint_lobed(canvas, centre, radius, SOLID_HU, 0.04, rng)


def _paint_lobed(
    canvas: Canvas,
    centre: NDArray[np.float64],
    radius_mm: float,
    hu: float,
    roughness: float,
    rng: np.random.Generator,
) -> None:
    """A ball whose radius varies with direction, of the same volume as the round one, about."""
    reach = radius_mm * (1 + 3 * roughness) + canvas.spacing_mm[0]
    box = canvas.box(centre - reach, centre + reach)
    z, y, x = (axis - middle for axis, middle in zip(canvas.grid(box), centre, strict=True))
    distance = np.sqrt(z**2 + y**2 + x**2)
    lobes = np.zeros_like(distance)
    for direction in _directions(7, rng):
        cosine = (z * direction[0] + y * direction[1] + x * direction[2]) / (distance + 1e-3)
        lobes += np.cos(3.2 * np.arccos(np.clip(cosine, -1, 1)))
    surface = radius_mm * (1 + roughness * (lobes - lobes.mean()) / 2.2)
    canvas.blend(box, canvas.coverage((surface - distance).astype(np.float32)), hu, "lighter")


def _directions(count: int, rng: np.random.Generator) -> Sequence[NDArray[np.float64]]:
    vectors = rng.standard_normal((count, 3))
    return list(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
