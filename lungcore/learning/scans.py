"""Whole labelled series of any organ, in a folder that a task with `data: scans` learns from.

    images/NAME.nii.gz   HU
    masks/NAME.nii.gz    0, or the number of the lesion that a voxel belongs to
    lesions.csv          image,lesion,patient_id,fold,kernel,malignancy and the task's attributes

One row a lesion: `image` is NAME; ratings are means over the readers, empty where nobody rated. A
series without lesions has one row with lesion 0 and no ratings. Columns from `kernel`, the
ConvolutionKernel, on may be absent.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lungcore.errors import LungcoreError
from lungcore.imaging.resampling import bounding_box, crop
from lungcore.imaging.volume import Volume
from lungcore.learning.data import Background, Case, Truth, on_grid, read_image, read_rows
from lungcore.learning.rated import ENOUGH_READERS, Rated, targets, weights
from lungcore.learning.regions import region_mask
from lungcore.learning.synthesis import diameter_of
from lungcore.learning.tasks import MALIGNANCY, Task

INDEX = "lesions.csv"
SURROUND_FIELDS = 1 / 2  # of the crop's field, kept around a lesion in its plane


@dataclass(frozen=True, slots=True, eq=False)
class Lesion:
    """row: of the index. mask: its voxels, shape of the series."""

    row: Mapping[str, str]
    mask: NDArray[np.bool_]
    centre: NDArray[np.float64]
    diameter_mm: float


def names(data: Path, folds: Collection[int]) -> list[str]:
    """The series of these folds."""
    return sorted({row["image"] for row in read_rows(data / INDEX) if int(row["fold"]) in folds})


def cases(data: Path, task: Task, folds: Collection[int] | None = None) -> list[Case]:
    """The series with their region and, as suspects, their lesions; of all folds or of these."""
    wanted = range(task.folds) if folds is None else folds
    return [_case(data, name, task) for name in names(data, wanted)]


def backgrounds(data: Path, task: Task, folds: Collection[int]) -> list[Background]:
    """The series of these folds on the detector's grid, with their lesions."""
    return [_background(case, task) for case in cases(data, task, folds)]


def read_rated(data: Path, task: Task) -> list[Rated]:
    """Every lesion with its surroundings and ratings."""
    return [
        _rated(volume, lesion, task)
        for name in names(data, range(task.folds))
        for volume in [read_image(data / "images" / f"{name}.nii.gz")]
        for lesion in _lesions(data, name, volume)
    ]


def _case(data: Path, name: str, task: Task) -> Case:
    volume = read_image(data / "images" / f"{name}.nii.gz")
    balls = []
    for lesion in _lesions(data, name, volume):
        x, y, z = (float(value) for value in volume.to_mm(lesion.centre))
        balls.append(((x, y, z), lesion.diameter_mm / 2))
    return Case(name, volume, region_mask(volume, task), tuple(balls))


def _background(case: Case, task: Task) -> Background:
    fine, region = on_grid(case, task.spacing_mm)
    lesions = []
    for centre_mm, radius_mm in case.suspects:
        first, second, third = (float(value) for value in fine.to_index(centre_mm))
        lesions.append(Truth((first, second, third), 2 * radius_mm))
    return Background(case.name, fine, region, np.ones(fine.shape, bool), tuple(lesions))


def _lesions(data: Path, name: str, volume: Volume) -> list[Lesion]:
    path = data / "masks" / f"{name}.nii.gz"
    numbers = read_image(path).hu
    if numbers.shape != volume.shape:
        raise LungcoreError(
            "learning.mask_shape", path=path, mask=numbers.shape, image=volume.shape
        )
    found = []
    for row in read_rows(data / INDEX):
        number = int(row["lesion"])
        if row["image"] != name or number == 0:
            continue
        mask = numbers == number
        if not mask.any():
            raise LungcoreError("learning.lesion_absent", path=path, number=number)
        volume_mm3 = np.count_nonzero(mask) * float(np.prod(volume.spacing_mm))
        centre = np.argwhere(mask).mean(axis=0)
        found.append(Lesion(row, mask, centre, diameter_of(volume_mm3)))
    return found


def _rated(volume: Volume, lesion: Lesion, task: Task) -> Rated:
    row = lesion.row
    slice_mm, row_mm, column_mm = volume.spacing_mm
    around_mm = SURROUND_FIELDS * task.crop.field_mm
    slab_mm = task.crop.neighbours[-1] * task.crop.step_mm
    margin = tuple(
        int(np.ceil(mm / spacing))
        for mm, spacing in ((slab_mm, slice_mm), (around_mm, row_mm), (around_mm, column_mm))
    )
    box = bounding_box(lesion.mask, (margin[0], margin[1], margin[2]))
    ratings = {name: float(row.get(name) or "nan") for name in ("malignancy", *task.attributes)}
    known = targets(np.array([ratings["malignancy"]]), ratings, task)
    return Rated(
        name=f"{row['image']} {row['lesion']}",
        patient_id=row["patient_id"],
        series_uid=row["image"],
        fold=int(row["fold"]),
        kind="voi3d",
        volume=crop(volume, box),
        mask=lesion.mask[box.slices],
        index=lesion.centre - box.start,
        targets=np.nan_to_num(known, nan=0.5),
        weights=weights(ENOUGH_READERS, task) * _is_rated(ratings, task),
        diameter_mm=lesion.diameter_mm,
        vote=ratings["malignancy"],
        mean=ratings["malignancy"],
        readers=1,
    )


def _is_rated(ratings: Mapping[str, float], task: Task) -> NDArray[np.float32]:
    """For each target whether it was rated: nobody's rating is nothing to learn from."""
    rated = [True, *[not np.isnan(ratings["malignancy"])] * len(MALIGNANCY)]
    rated += [not np.isnan(ratings[name]) for name in task.attributes]
    return np.array(rated, np.float32)
