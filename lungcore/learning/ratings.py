"""The crops of lidc_nodule2d and the readers' malignancy ratings of each."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from lungcore.learning.crops import SPACING_MM, crop_plane
from lungcore.learning.data import read_rows

READERS = ("malignancy_r1", "malignancy_r2", "malignancy_r3", "malignancy_r4")


@dataclass(frozen=True, slots=True, eq=False)
class RatedNodule:
    """The largest axial slice of a nodule in HU, centred on it, and its ratings 1 to 5.

    diameter_mm: of the circle with the area of the nodule in that slice.
    """

    patient_id: str
    fold: int
    plane: NDArray[np.float32]
    pixel_mm: float
    diameter_mm: float
    ratings: tuple[float, ...]

    @property
    def mean_rating(self) -> float:
        """Mean of the readers, 1 to 5."""
        return float(np.mean(self.ratings))

    @property
    def share_above_3(self) -> float:
        """Share of the readers that rated it above 3."""
        return float(np.mean(np.array(self.ratings) > 3))


def read_rated_nodules(data: Path) -> list[RatedNodule]:
    """All nodules of lidc_nodule2d but those of the end-to-end hold-out patients."""
    folder = data / "lidc_nodule2d"
    rows = read_rows(folder / "nodule2d_labels.csv")
    planes = np.load(folder / "nodule2d_64x64.npz")["hu"].astype(np.float32)
    return [
        RatedNodule(
            patient_id=row["patient_id"],
            fold=int(row["fold"]),
            plane=planes[int(row["row"])],
            pixel_mm=float(row["PixelSpacing"]),
            diameter_mm=float(row["EquivDiameter"]) * float(row["PixelSpacing"]),
            ratings=tuple(float(row[reader]) for reader in READERS if row[reader]),
        )
        for row in rows
        if row["e2e_holdout"] == "0"
    ]


def plain_crop(nodule: RatedNodule) -> NDArray[np.float32]:
    """The crop as the network sees it when it runs."""
    return crop_plane(nodule.plane, _middle(nodule), np.eye(2) * SPACING_MM / nodule.pixel_mm)


def varied_crop(nodule: RatedNodule, rng: Generator) -> NDArray[np.float32]:
    """A crop turned, mirrored, scaled by up to a tenth, shifted, and with noise."""
    angle = rng.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn * rng.choice([-1, 1], size=2)
    step = turn * rng.uniform(0.9, 1.1) * SPACING_MM / nodule.pixel_mm
    row, column = np.add(_middle(nodule), rng.normal(0, 1.5, 2))
    plane = nodule.plane + np.float32(rng.normal(0, 28))
    plane = plane + rng.normal(0, rng.uniform(0, 40), plane.shape).astype(np.float32)
    return crop_plane(plane, (row, column), step)


def _middle(nodule: RatedNodule) -> tuple[float, float]:
    rows, columns = nodule.plane.shape
    return (rows - 1) / 2, (columns - 1) / 2
