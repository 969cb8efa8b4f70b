"""A CT volume in Hounsfield units and where its voxels lie in the patient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """Voxels `[slice, row, column]` in HU and the affine to patient space.

    hu: int16 array of shape (slices, rows, columns).
    affine: float64 array of shape (4, 4) that takes (slice, row, column, 1) to (x, y, z, 1) in
        LPS millimetres, the patient space of DICOM PS3.3 C.7.6.2.1.1. An index names the centre
        of a voxel.
    frame_of_reference_uid: series that share it share their patient space.

    Raises ValueError when the shapes or types are others, or the affine cannot be inverted.
    """

    hu: NDArray[np.int16]
    affine: NDArray[np.float64]
    frame_of_reference_uid: str = ""

    def __post_init__(self) -> None:
        if self.hu.ndim != 3 or self.hu.dtype != np.int16:
            raise ValueError(
                f"hu must be int16 of 3 dimensions, not {self.hu.dtype} {self.hu.ndim}"
            )
        if self.affine.shape != (4, 4):
            raise ValueError(f"affine must be 4x4, not {self.affine.shape}")
        if abs(np.linalg.det(self.affine[:3, :3])) < 1e-12:
            raise ValueError("affine cannot be inverted")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns)."""
        slices, rows, columns = self.hu.shape
        return slices, rows, columns

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along (slice, row, column)."""
        slice_mm, row_mm, column_mm = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(slice_mm), float(row_mm), float(column_mm)

    def to_mm(self, index: ArrayLike) -> NDArray[np.float64]:
        """Positions (x, y, z) in LPS mm of indices (slice, row, column); shape (..., 3)."""
        return np.asarray(index, float) @ self.affine[:3, :3].T + self.affine[:3, 3]

    def to_index(self, position_mm: ArrayLike) -> NDArray[np.float64]:
        """Fractional indices (slice, row, column) of positions in LPS mm; shape (..., 3)."""
        inverse = np.linalg.inv(self.affine[:3, :3])
        return (np.asarray(position_mm, float) - self.affine[:3, 3]) @ inverse.T
