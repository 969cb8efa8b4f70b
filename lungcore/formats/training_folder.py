"""A folder to train on: images and masks as NIfTI, and lists of them for three programs.

nnDetection, where the folder lies in its data folder: raw_splitted_data/imagesTr/CASE_0000.nii.gz,
labelsTr/CASE.nii.gz (a number a nodule, without gaps) and labelsTr/CASE.json (the class of each);
imagesTs and labelsTs hold the test split. It splits names at points, so cases are numbered; `cases`
in dataset.json names their series.
MONAI reads lists of dataset.json: `training`, `validation` and `test` (image and label, as of the
Medical Segmentation Decathlon), and `detection` with `detection_validation` and `detection_test`
(image, boxes as centre and size in LPS mm, and their classes, as of its LUNA16).
`train` of this program reads lesions.csv (`learning.scans`), with images/ and masks/ as links named
by the series: the training split in all folds but the last, which is the validation split, and no
test. It is written last: where it is, all is.
"""

import csv
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungcore.findings.attributes import SCALES
from lungcore.findings.dataset import SPLITS, Split
from lungcore.findings.labels import Grid, LabelSet, Mark
from lungcore.formats import images
from lungcore.formats.label_images import label_map
from lungcore.imaging.volume import Volume

RAW = "raw_splitted_data"
KEYS: Mapping[Split, str] = {"train": "training", "validation": "validation", "test": "test"}
BOXES: Mapping[Split, str] = {
    "train": "detection",
    "validation": "detection_validation",
    "test": "detection_test",
}
FOLDS = 8  # as many as the task that ships has
LESION = ("image", "lesion", "patient_id", "fold", "kernel")
RATINGS = ("malignancy", *(name for name in SCALES if name != "malignancy"))


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A series to learn from. patient: any name, the same for all series of a patient.

    kernel: ConvolutionKernel, "" where it is not known.
    """

    labels: LabelSet
    volume: Volume
    split: Split = "train"
    patient: str = ""
    kernel: str = ""


def write(cases: Iterable[Case], folder: Path, folds: int = FOLDS) -> None:
    """Write each case. Raises OSError or LungcoreError when the folder cannot be written to."""
    for part in ("imagesTr", "labelsTr", "imagesTs", "labelsTs"):
        (folder / RAW / part).mkdir(parents=True, exist_ok=True)
    for part in ("images", "masks"):
        (folder / part).mkdir(exist_ok=True)
    written = [_case(f"case{n:04d}", case, folder, folds) for n, case in enumerate(cases)]
    content: dict[str, Any] = {
        "name": "lung nodules",
        "task": folder.name,
        "dim": 3,
        "test_labels": any(case["split"] == "test" for case in written),
        "labels": {"0": "nodule"},
        "modalities": {"0": "CT"},
        "cases": {case["name"]: case["series_uid"] for case in written},
    }
    for split in SPLITS:
        own = [case for case in written if case["split"] == split]
        content[KEYS[split]] = [{"image": one["image"], "label": one["label"]} for one in own]
        content[BOXES[split]] = [
            {"image": one["image"], "box": one["boxes"], "label": [0] * len(one["boxes"])}
            for one in own
        ]
    _write_json(content, folder / "dataset.json")
    beside = folder / "lesions.csv.tmp"
    with beside.open("w", newline="", encoding="utf-8") as file:
        rows = [row for case in written for row in case["lesions"]]
        csv.writer(file, lineterminator="\n").writerows([(*LESION, *RATINGS), *rows])
    beside.replace(folder / "lesions.csv")


def _case(name: str, case: Case, folder: Path, folds: int) -> dict[str, Any]:
    labels, volume = case.labels, case.volume
    part = "Ts" if case.split == "test" else "Tr"
    image, label = f"{RAW}/images{part}/{name}_0000.nii.gz", f"{RAW}/labels{part}/{name}.nii.gz"
    found = label_map(labels.nodules, Grid(volume.shape, volume.affine))
    # A nodule that others cover has no voxels left: number those that have.
    present, numbers = np.unique(np.append(0, found), return_inverse=True)
    numbers = numbers[1:].reshape(found.shape).astype(np.uint16)
    marks = [labels.nodules[number - 1] for number in present[1:]]
    images.write(volume.hu, volume.affine, folder / image)
    images.write(numbers, volume.affine, folder / label)
    instances = {str(number): 0 for number in range(1, len(marks) + 1)}
    _write_json({"instances": instances}, folder / RAW / f"labels{part}" / f"{name}.json")
    if case.split != "test":
        _link(folder / image, folder / "images" / f"{labels.series_uid}.nii.gz")
        _link(folder / label, folder / "masks" / f"{labels.series_uid}.nii.gz")
    return {
        "name": name,
        "series_uid": labels.series_uid,
        "split": case.split,
        "image": image,
        "label": label,
        "boxes": [_box(numbers == number, volume) for number in range(1, len(marks) + 1)],
        "lesions": [] if case.split == "test" else _lesions(case, marks, folds),
    }


def _link(path: Path, link: Path) -> None:
    """A relative link, so that the folder can be moved."""
    link.unlink(missing_ok=True)
    link.symlink_to(os.path.relpath(path, link.parent))


def _lesions(case: Case, marks: list[Mark], folds: int) -> list[list[str]]:
    """A row a nodule that has voxels; one with lesion 0 where there is none."""
    series_uid = case.labels.series_uid
    patient = case.patient or series_uid
    fold = folds - 1 if case.split == "validation" else _fold(patient, folds)
    told = [series_uid, patient, str(fold), case.kernel]
    if not marks:
        return [_lesion(told, 0, {})]
    return [_lesion(told, number, mark.attributes) for number, mark in enumerate(marks, start=1)]


def _lesion(told: list[str], number: int, ratings: Mapping[str, int]) -> list[str]:
    image, *others = told
    return [image, str(number), *others, *(str(ratings.get(key, "")) for key in RATINGS)]


def _fold(patient: str, folds: int) -> int:
    """One of all but the last, the same for a patient whatever else is written."""
    return hashlib.sha256(patient.encode()).digest()[0] % (folds - 1)


def _box(voxels: NDArray[np.bool_], volume: Volume) -> list[float]:
    """Centre and size in LPS mm of the box around voxels, edges of voxels included."""
    index = np.argwhere(voxels)
    low, high = index.min(axis=0) - 0.5, index.max(axis=0) + 0.5
    corners = volume.to_mm(np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(3, -1).T)
    first, last = corners.min(axis=0), corners.max(axis=0)
    return [round(float(mm), 4) for mm in (*((first + last) / 2), *(last - first))]


def _write_json(content: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
