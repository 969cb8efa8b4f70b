"""A folder to train on: images and masks as NIfTI, and a `dataset.json` for two programs.

nnDetection, where the folder lies in its data folder: raw_splitted_data/imagesTr/CASE_0000.nii.gz,
labelsTr/CASE.nii.gz (a number a nodule, without gaps) and labelsTr/CASE.json (the class of each).
It splits names at points, so cases are numbered; `cases` in dataset.json names their series.
MONAI reads lists: `training` (image and label, as of the Medical Segmentation Decathlon) and
`detection` (image, boxes as centre and size in LPS mm, and their classes, as of its LUNA16).
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungcore.findings.labels import Grid, LabelSet
from lungcore.formats import images
from lungcore.formats.label_images import label_map
from lungcore.imaging.volume import Volume

IMAGES, LABELS = "raw_splitted_data/imagesTr", "raw_splitted_data/labelsTr"


def write(cases: Iterable[tuple[LabelSet, Volume]], folder: Path) -> None:
    """Write each case. Raises OSError or LungcoreError when the folder cannot be written to."""
    for part in (IMAGES, LABELS):
        (folder / part).mkdir(parents=True, exist_ok=True)
    written = [
        _case(f"case{number:04d}", labels, volume, folder)
        for number, (labels, volume) in enumerate(cases)
    ]
    content = {
        "name": "lung nodules",
        "task": folder.name,
        "dim": 3,
        "test_labels": False,
        "labels": {"0": "nodule"},
        "modalities": {"0": "CT"},
        "cases": {case["name"]: case["series_uid"] for case in written},
        "training": [{"image": case["image"], "label": case["label"]} for case in written],
        "detection": [
            {"image": case["image"], "box": case["boxes"], "label": [0] * len(case["boxes"])}
            for case in written
        ],
    }
    _write_json(content, folder / "dataset.json")


def _case(name: str, labels: LabelSet, volume: Volume, folder: Path) -> dict[str, Any]:
    image, label = f"{IMAGES}/{name}_0000.nii.gz", f"{LABELS}/{name}.nii.gz"
    found = label_map(labels.nodules, Grid(volume.shape, volume.affine))
    # A nodule that others cover has no voxels left: number those that have.
    present, numbers = np.unique(np.append(0, found), return_inverse=True)
    numbers = numbers[1:].reshape(found.shape).astype(np.uint16)
    count = len(present) - 1
    images.write(volume.hu, volume.affine, folder / image)
    images.write(numbers, volume.affine, folder / label)
    instances = {str(number): 0 for number in range(1, count + 1)}
    _write_json({"instances": instances}, folder / LABELS / f"{name}.json")
    return {
        "name": name,
        "series_uid": labels.series_uid,
        "image": image,
        "label": label,
        "boxes": [_box(numbers == number, volume) for number in range(1, count + 1)],
    }


def _box(voxels: NDArray[np.bool_], volume: Volume) -> list[float]:
    """Centre and size in LPS mm of the box around voxels, edges of voxels included."""
    index = np.argwhere(voxels)
    low, high = index.min(axis=0) - 0.5, index.max(axis=0) + 0.5
    corners = volume.to_mm(np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(3, -1).T)
    first, last = corners.min(axis=0), corners.max(axis=0)
    return [round(float(mm), 4) for mm in (*((first + last) / 2), *(last - first))]


def _write_json(content: dict[str, Any], path: Path) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
