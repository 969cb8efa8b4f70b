"""Painting of shapes with partial volume at their edges."""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Blend = Literal["over", "lighter", "darker"]
Point = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Canvas:
    """A volume being painted.

    hu: float32 `[slice, row, column]`. origin_mm: (z, y, x) of its first voxel. spacing_mm: along
    (slice, row, column), in that order of axes.
    """

    hu: NDArray[np.float32]
    origin_mm: tuple[float, float, float]
    spacing_mm: tuple[float, float, float]
    _axes: tuple[NDArray[np.float32], ...] = field(init=False)

    def __post_init__(self) -> None:
        axes = (
            (origin + step * np.arange(count)).astype(np.float32)
            for origin, step, count in zip(
                self.origin_mm, self.spacing_mm, self.hu.shape, strict=True
            )
        )
        object.__setattr__(self, "_axes", tuple(axes))

    def axis(self, number: int) -> NDArray[np.float32]:
        """Coordinates of the voxel centres along one axis, in mm."""
        return self._axes[number]

    def box(self, low: Point, high: Point) -> tuple[slice, slice, slice]:
        """The voxels between two corners (z, y, x) in mm; empty outside of the volume."""
        z, y, x = (
            slice(max(0, math.floor(start)), max(0, math.ceil(end) + 1))
            for start, end in zip(
                ((low - self.origin_mm) / self.spacing_mm).tolist(),
                ((high - self.origin_mm) / self.spacing_mm).tolist(),
                strict=True,
            )
        )
        return z, y, x

    def grid(
        self, box: tuple[slice, slice, slice]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Coordinates z, y, x of the voxels in `box`, ready to be broadcast."""
        z, y, x = (axis[part] for axis, part in zip(self._axes, box, strict=True))
        return z[:, None, None], y[None, :, None], x[None, None, :]

    def coverage(self, depth_mm: NDArray[np.float32]) -> NDArray[np.float32]:
        """Share of each voxel inside a shape, from the depth of its centre below the surface."""
        return np.minimum(np.maximum(depth_mm / self.spacing_mm[2] + 0.5, 0), 1)

    def blend(
        self,
        box: tuple[slice, slice, slice],
        share: NDArray[np.float32],
        hu: NDArray[np.float32] | float,
        how: Blend = "over",
    ) -> None:
        """Paint `hu` into `box` by `share`, everywhere or only where it is lighter or darker."""
        target = self.hu[box]
        change = share * (hu - target)
        if how == "lighter":
            np.maximum(change, 0, out=change)
        elif how == "darker":
            np.minimum(change, 0, out=change)
        target += change

    def capsule(
        self, start: Point, end: Point, radius_mm: float, hu: float, how: Blend = "over"
    ) -> None:
        """Paint a rod with round ends between two points (z, y, x) in mm."""
        reach = radius_mm + self.spacing_mm[2]
        box = self.box(np.minimum(start, end) - reach, np.maximum(start, end) + reach)
        z, y, x = self.grid(box)
        if not (z.size and y.size and x.size):
            return
        way_z, way_y, way_x = (end - start).astype(np.float32)
        length2 = max(float(way_z**2 + way_y**2 + way_x**2), 1e-6)
        dz, dy, dx = (axis - np.float32(at) for axis, at in zip((z, y, x), start, strict=True))
        along = (dz * way_z + dy * way_y + dx * way_x) / np.float32(length2)
        along = np.minimum(np.maximum(along, 0), 1)
        distance2 = (dz - along * way_z) ** 2 + (dy - along * way_y) ** 2
        distance2 += (dx - along * way_x) ** 2
        # A rod thinner than a voxel only fills part of it.
        thin = min(1.0, (2 * radius_mm / self.spacing_mm[2]) ** 2)
        share = thin * self.coverage(radius_mm - np.sqrt(distance2))
        self.blend(box, share, hu, how)
