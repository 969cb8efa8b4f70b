"""The nodules that readers rated: 3D crops with masks, and single planes, with what each said."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.volume import Volume
from lungcore.learning.data import read_image, read_rows
from lungcore.learning.tasks import HIGHEST, Task

ENOUGH_READERS = 3  # for a rating of full weight
PLANE_MM = 2.5  # thickness of a slice of lidc_nodule2d, which does not record it
# The same slice in both sets, 20 pixels around the nodule: a root mean square difference of
# 1 HU, or 24 where the two sets read the rescale intercept differently.
SAME_WITHIN_HU = 27.0
TEMPLATE = 10  # half its side in pixels
VOTES = {"internal_structure": "InternalStructure"}  # others: capitalised name


@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """A nodule with its ratings, or a place that is none.

    volume: its surroundings at native spacing. mask: the readers', or None. index: the centre
    (slice, row, column) that a detector would give. targets, weights: of each of the task's
    targets. vote: the readers' vote on malignancy, mean: the mean of their ratings; NaN where not
    known. kind: `voi3d`, `plane` or `none`. fold: -1 for places that are no nodule.
    """

    name: str
    patient_id: str
    series_uid: str
    fold: int
    kind: str
    volume: Volume
    mask: NDArray[np.bool_] | None
    index: NDArray[np.float64]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    diameter_mm: float
    vote: float = np.nan
    mean: float = np.nan
    readers: int = 0


def read_rated(data: Path, task: Task) -> list[Rated]:
    """All of lidc_nodule_voi3d and lidc_nodule2d, without the end-to-end hold-out patients.

    A 3D nodule takes every reader's rating from its plane in lidc_nodule2d, where it is found.
    """
    folder = data / "lidc_nodule2d"
    planes = np.load(folder / "nodule2d_64x64.npz")["hu"]
    flat = [
        _plane(row, planes[int(row["row"])], task)
        for row in read_rows(folder / "nodule2d_labels.csv")
        if row["e2e_holdout"] == "0"
    ]
    of_series: dict[str, list[tuple[float, Rated]]] = {}
    for z_mm, plane in flat:
        of_series.setdefault(plane.series_uid, []).append((z_mm, plane))
    folder = data / "lidc_nodule_voi3d"
    solid = [
        _crop(folder, row, of_series.get(row["seriesuid"], []), task)
        for row in read_rows(folder / "voi_index.csv")
        if row["e2e_holdout"] == "0"
    ]
    return solid + [plane for _, plane in flat]


def _plane(row: Mapping[str, str], hu: NDArray, task: Task) -> tuple[float, Rated]:
    ratings = np.array([float(row[f"malignancy_r{i}"] or "nan") for i in range(1, 5)])
    ratings = ratings[~np.isnan(ratings)]
    means = {name: float(row[f"{name.replace('_', '')}_mean"]) for name in task.attributes}
    pixel_mm = float(row["PixelSpacing"])
    affine = np.diag([PLANE_MM, pixel_mm, pixel_mm, 1.0])
    rated = Rated(
        name=row["noduleID"],
        patient_id=row["patient_id"],
        series_uid=row["SeriesInstanceUid"],
        fold=int(row["fold"]),
        kind="plane",
        volume=Volume(hu[None].astype(np.int16), affine),
        mask=None,
        index=_middle((1, *hu.shape)),
        targets=targets(ratings, means, task),
        weights=weights(len(ratings), task),
        diameter_mm=float(row["EquivDiameter"]) * pixel_mm,
        mean=float(ratings.mean()),
        readers=len(ratings),
    )
    return float(row["imageZposition"]), rated


def _crop(
    folder: Path, row: Mapping[str, str], planes: list[tuple[float, Rated]], task: Task
) -> Rated:
    volume = read_image(folder / "image" / row["file"])
    same = _same(volume, planes)
    vote = float(row["Malignancy_value"])
    if same is None:
        values = {
            name: float(row[f"{VOTES.get(name, name.capitalize())}_value"])
            for name in task.attributes
        }
        known = targets(np.array([vote]), values, task), weights(ENOUGH_READERS, task)
    else:
        known = same.targets, same.weights
    return Rated(
        name=row["file"],
        patient_id=row["patient_id"],
        series_uid=row["seriesuid"],
        fold=int(row["fold"]),
        kind="voi3d",
        volume=volume,
        mask=read_image(folder / "nodule_mask" / row["file"]).hu > 0,
        index=_middle(volume.shape),
        targets=known[0],
        weights=known[1],
        diameter_mm=float(row["diameter_mm"]),
        vote=vote,
        mean=np.nan if same is None else same.mean,
        readers=0 if same is None else same.readers,
    )


def _same(volume: Volume, planes: list[tuple[float, Rated]]) -> Rated | None:
    """The plane of the same nodule: of the same slice and with the same pixels."""
    best, found = SAME_WITHIN_HU, None
    for z_mm, plane in planes:
        number = round(float(volume.to_index((0.0, 0.0, z_mm))[0]))
        if not 0 <= number < volume.shape[0]:
            continue
        row, column = (int(value) for value in plane.index[1:])
        rows = slice(row - TEMPLATE + 1, row + TEMPLATE + 1)
        columns = slice(column - TEMPLATE + 1, column + TEMPLATE + 1)
        template = _clipped(plane.volume.hu[0, rows, columns])
        squares = cv2.matchTemplate(_clipped(volume.hu[number]), template, cv2.TM_SQDIFF)
        difference = float(np.sqrt(max(float(squares.min()), 0) / template.size))
        if difference < best:
            best, found = difference, plane
    return found


def _clipped(hu: NDArray) -> NDArray[np.float32]:
    return np.clip(hu, -1000, 400).astype(np.float32)


def _middle(shape: tuple[int, ...]) -> NDArray[np.float64]:
    return (np.array(shape) - 1) / 2


def targets(ratings: NDArray, attributes: Mapping[str, float], task: Task) -> NDArray[np.float32]:
    """What the network shall score: from the readers' ratings of malignancy and mean attributes."""
    above = [float(np.mean(ratings > value)) for value in range(1, HIGHEST)]
    # A few readers gave the internal structure a 5, which its scale does not have.
    shares = [
        min(1.0, (attributes[name] - 1) / (highest - 1))
        for name, highest in task.attributes.items()
    ]
    mean = (float(np.mean(ratings)) - 1) / (HIGHEST - 1)
    return np.array([1.0, mean, *above, *shares], np.float32)


def weights(readers: int, task: Task) -> NDArray[np.float32]:
    """Of the targets, when so many readers rated."""
    found = np.full(len(task.targets), min(1.0, readers / ENOUGH_READERS), np.float32)
    found[0] = 1
    return found
