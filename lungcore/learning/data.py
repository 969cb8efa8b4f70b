"""The lungs' training data: real nodules with their masks, and real lungs to put them into."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from lungcore.errors import LungcoreError
from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.resampling import bounding_box, crop, resample
from lungcore.imaging.volume import Volume
from lungcore.learning.tasks import Task

# Each lung is learnt at these sizes too: five lungs are few to learn vessels from.
ZOOMS = (0.85, 1.0, 1.18)
BOX_MARGIN = 24  # voxels around the region
SUSPECT_MARGIN_MM = 5.0
INDEX = "lidc_nodule_voi3d/voi_index.csv"
UNSIZED_MM = 10.0  # LUNA16's evaluation, for marks of no size (below 3 mm, or no nodule)
# LCTSC's file does not record its spacing; its series are 3 mm apart, its pixels about 1 mm.
LCTSC_SPACING_MM = (3.0, 0.977, 0.977)


Ball = tuple[tuple[float, float, float], float]  # centre in LPS mm and radius in mm


@dataclass(frozen=True, slots=True, eq=False)
class Nodule:
    """A real nodule: HU and readers' mask at native spacing, as lidc_nodule_voi3d has it.

    malignancy, texture: the readers' vote, 1 to 5 (texture 1 is ground glass, 5 solid).
    """

    patient_id: str
    fold: int
    volume: Volume
    mask: NDArray[np.bool_]
    diameter_mm: float
    texture: int
    malignancy: int


@dataclass(frozen=True, slots=True)
class Truth:
    """A lesion on a grid: centroid of its voxels (slice, row, column), equal-volume diameter."""

    centre: tuple[float, float, float]
    diameter_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """A series on the detector's grid; zoomed, on a finer or coarser one that stands for it.

    region: where a finding may lie. trusted: where a detection would be wrong but for `lesions`;
    all three arrays have the shape of `volume`. lesions: those that it has.
    """

    name: str
    volume: Volume
    region: NDArray[np.bool_]
    trusted: NDArray[np.bool_]
    lesions: tuple[Truth, ...] = ()


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file; LungcoreError when it is absent."""
    if not path.is_file():
        raise LungcoreError("learning.data_absent", path=path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def read_image(path: Path) -> Volume:
    """A volume from a folder with one DICOM series, or from a NIfTI or MetaImage file."""
    if path.is_dir():
        image = SimpleITK.ReadImage(SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(path)))
    else:
        image = SimpleITK.ReadImage(str(path))
    affine = np.eye(4)
    columns = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, :3] = columns[:, ::-1]  # SimpleITK counts (column, row, slice)
    affine[:3, 3] = image.GetOrigin()
    return Volume(SimpleITK.GetArrayFromImage(image).astype(np.int16), affine)


def read_nodules(data: Path, folds: frozenset[int]) -> list[Nodule]:
    """The nodules of `folds` in lidc_nodule_voi3d, without the end-to-end hold-out patients."""
    folder = data / "lidc_nodule_voi3d"
    rows = read_rows(data / INDEX)
    return [_nodule(folder, row) for row in _of_folds(rows, folds)]


def nodule_series(data: Path, folds: frozenset[int]) -> list[str]:
    """SeriesInstanceUIDs of the scans that `read_nodules` takes its nodules from."""
    rows = read_rows(data / INDEX)
    return sorted({row["seriesuid"] for row in _of_folds(rows, folds)})


def _of_folds(rows: list[dict[str, str]], folds: frozenset[int]) -> list[dict[str, str]]:
    held_out = {row["patient_id"] for row in rows if row["e2e_holdout"] == "1"}
    return [r for r in rows if int(r["fold"]) in folds and r["patient_id"] not in held_out]


def _nodule(folder: Path, row: dict[str, str]) -> Nodule:
    mask = read_image(folder / "nodule_mask" / row["file"]).hu > 0
    return Nodule(
        patient_id=row["patient_id"],
        fold=int(row["fold"]),
        volume=read_image(folder / "image" / row["file"]),
        mask=mask,
        diameter_mm=float(row["diameter_mm"]),
        texture=int(row["Texture_value"]),
        malignancy=int(row["Malignancy_value"]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A whole series, its region (shape of `volume`) and what may be or is a finding in it."""

    name: str
    volume: Volume
    region: NDArray[np.bool_]
    suspects: tuple[Ball, ...]


def read_unlabelled_cases(data: Path) -> list[Case]:
    """The LCTSC case and the unlabelled lungs, with their suspected lesions."""
    suspects = read_rows(data / "unlabelled" / "suspected_lesions.csv")
    cases = [_lctsc(data / "lctsc_lung_masks")]
    for name in sorted({row["folder"] for row in suspects}):
        balls = [
            (_point(row), float(row["radius_mm"])) for row in suspects if row["folder"] == name
        ]
        volume = read_image(data / "unlabelled" / name)
        cases.append(Case(name, volume, lung_mask(volume), tuple(balls)))
    return cases


def read_labelled_cases(data: Path) -> list[Case]:
    """The three labelled LIDC scans, with all that any reader marked. For validation only."""
    marks = [
        (
            row["series_uid"],
            (float(row["x_mm"]), float(row["y_mm"]), float(row["z_mm"])),
            float(row["equiv_diam_mm"]) / 2,
        )
        for row in read_rows(data / "lidc_scans" / "annotations_per_reader.csv")
    ]
    for name in ("annotations.csv", "annotations_excluded.csv"):
        marks += [
            (row["seriesuid"], _point(row), marked_diameter_mm(row) / 2)
            for row in read_rows(data / "luna16" / name)
        ]
    cases = []
    for scan, uid in _labelled_scans(data).items():
        volume = read_image(data / "lidc_scans" / scan / "dicom")
        balls = tuple((centre, radius) for marked, centre, radius in marks if marked == uid)
        cases.append(Case(scan, volume, lung_mask(volume), balls))
    return cases


def _labelled_scans(data: Path) -> dict[str, str]:
    rows = read_rows(data / "lidc_scans" / "nodules_consensus.csv")
    return {row["scan"]: row["seriesuid"] for row in rows}


def read_training_backgrounds(data: Path, task: Task) -> list[Background]:
    """The unlabelled lungs and the LCTSC case at all `ZOOMS`, suspected lesions not trusted."""
    cases = read_unlabelled_cases(data)
    return [_background(case, task.spacing_mm / zoom) for case in cases for zoom in ZOOMS]


def read_labelled_backgrounds(data: Path, task: Task) -> list[Background]:
    """The three labelled LIDC scans; what any reader marked is not trusted. For validation only."""
    return [_background(case, task.spacing_mm) for case in read_labelled_cases(data)]


def marked_diameter_mm(row: dict[str, str]) -> float:
    """The diameter of a LUNA16 row; 10 mm for a mark without one, as the challenge takes it."""
    diameter_mm = float(row["diameter_mm"])
    return diameter_mm if diameter_mm >= 0 else UNSIZED_MM


def _point(row: dict[str, str]) -> tuple[float, float, float]:
    return float(row["coordX"]), float(row["coordY"]), float(row["coordZ"])


def _lctsc(folder: Path) -> Case:
    suspects = read_rows(folder / "suspected_lesions.csv")
    name = suspects[0]["case"]
    arrays = np.load(folder / f"{name}.npz")
    affine = np.eye(4)[:, [2, 1, 0, 3]]
    affine[:, :3] *= LCTSC_SPACING_MM
    volume = Volume(arrays["hu"].astype(np.int16), affine)
    spheres: list[Ball] = []
    for row in suspects:
        index = (float(row["slice"]), float(row["row"]), float(row["column"]))
        x, y, z = volume.to_mm(index)
        spheres.append(((x, y, z), float(row["radius_mm"])))
    return Case(name, volume, arrays["lung_mask"] > 0, tuple(spheres))


def on_grid(case: Case, spacing_mm: float) -> tuple[Volume, NDArray[np.bool_]]:
    """The part of the series around the region, and the region, on a grid of `spacing_mm`."""
    fine = resample(case.volume, spacing_mm)
    mask = Volume(case.region * np.int16(1000), case.volume.affine)
    region = resample(mask, spacing_mm).hu >= 500
    box = bounding_box(region, (BOX_MARGIN,) * 3)
    return crop(fine, box), region[box.slices]


def _background(case: Case, spacing_mm: float) -> Background:
    fine, region = on_grid(case, spacing_mm)
    trusted = np.ones(fine.shape, bool)
    for centre_mm, radius_mm in case.suspects:
        trusted &= ~sphere(fine, centre_mm, radius_mm + SUSPECT_MARGIN_MM)
    return Background(case.name, fine, region, trusted)


def sphere(
    volume: Volume, centre_mm: tuple[float, float, float], radius_mm: float
) -> NDArray[np.bool_]:
    """The voxels of `volume` with their centres within `radius_mm` of `centre_mm`."""
    centre = volume.to_index(centre_mm)
    squares = (
        ((np.arange(count) - middle) * spacing) ** 2
        for count, middle, spacing in zip(volume.shape, centre, volume.spacing_mm, strict=True)
    )
    slices, rows, columns = np.ix_(*squares)
    return slices + rows + columns <= radius_mm**2
