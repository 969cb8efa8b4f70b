"""COCO's object detection format: boxes and masks on each slice (cocodataset.org/#format-data).

An image is a slice; masks are uncompressed run lengths, counted down the columns as COCO does.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungcore.findings.labels import Grid, LabelSet, Mark
from lungcore.findings.voxels import ball
from lungcore.formats.label_json import runs

CATEGORY = 1


def write(sets: Iterable[tuple[LabelSet, Grid]], path: Path) -> None:
    """Write the nodules of sets, each with the grid of its series, slice by slice."""
    images: dict[tuple[str, int], dict[str, Any]] = {}
    annotations: list[dict[str, Any]] = []
    for labels, grid in sets:
        for mark in labels.nodules:
            for number, section in _sections(mark, grid):
                image = images.setdefault(
                    (labels.series_uid, number),
                    _image(len(images) + 1, labels.series_uid, number, grid),
                )
                annotation = _annotation(section, labels.reader, mark)
                annotations.append(
                    {"id": len(annotations) + 1, "image_id": image["id"], **annotation}
                )
    content = {
        "info": {"description": "lungcore labels"},
        "images": list(images.values()),
        "annotations": annotations,
        "categories": [{"id": CATEGORY, "name": "nodule", "supercategory": "lung"}],
    }
    path.write_text(json.dumps(content) + "\n", encoding="utf-8")


def _sections(mark: Mark, grid: Grid) -> list[tuple[int, NDArray[np.bool_]]]:
    """The slices that a nodule is on, with its pixels there."""
    mask = mark.mask
    if mask is None and mark.diameter_mm is not None:
        mask = ball(mark.center_mm, mark.diameter_mm, grid)
    if mask is None:
        return []
    first, row, column = mask.origin
    found = []
    for number, part in enumerate(mask.voxels, start=first):
        if part.any():
            pixels = np.zeros(grid.shape[1:], bool)
            pixels[row : row + part.shape[0], column : column + part.shape[1]] = part
            found.append((number, pixels))
    return found


def _image(number: int, series_uid: str, slice_index: int, grid: Grid) -> dict[str, Any]:
    _, rows, columns = grid.shape
    return {
        "id": number,
        "file_name": f"{series_uid}/{slice_index:04d}.png",
        "width": columns,
        "height": rows,
        "seriesuid": series_uid,
        "slice": slice_index,
    }


def _annotation(pixels: NDArray[np.bool_], reader: str, mark: Mark) -> dict[str, Any]:
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    return {
        "category_id": CATEGORY,
        "bbox": [left, top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1],
        "area": int(pixels.sum()),
        "segmentation": {"size": list(pixels.shape), "counts": runs(pixels.T)},
        "iscrowd": 0,
        "attributes": {"reader": reader, "nodule": mark.name, **mark.attributes},
    }
