"""What is drawn over the voxels of a volume: masks and maps, each in a box of its own."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LayerKind = Literal["lungs", "nodule", "attribution"]
Triple = tuple[int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Values over a box of the voxels (slice, row, column) of a volume.

    values: uint8; a mask's are 0 and 1. Element (i, j, k) covers the voxels from
        origin + step * (i, j, k) to origin + step * (i + 1, j + 1, k + 1); the last ones may reach
        beyond the volume.
    candidate: which of a detection's candidates it belongs to, counted from 0; None for the lungs.
    top: the value that 255 stands for; 1 for a mask.
    """

    kind: LayerKind
    values: NDArray[np.uint8]
    origin: Triple
    step: Triple = (1, 1, 1)
    candidate: int | None = None
    top: float = 1.0

    def __post_init__(self) -> None:
        if self.values.ndim != 3 or self.values.dtype != np.uint8:
            raise ValueError(
                f"values must be uint8 of 3 dimensions, not {self.values.dtype} {self.values.ndim}"
            )
