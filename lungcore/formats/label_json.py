"""Our own file of labels: all that a reader said, masks included, in JSON.

{"format": "lungcore.labels", "version": 1, "sets": [{"series_uid", "reader", "marks": [{"name",
"kind", "center_mm", "diameter_mm", "attributes", "mask"}]}]}. A mask is a box with a grid of its
own: "shape" [slices, rows, columns], "affine" (4 x 4, to LPS mm) and "runs": how many voxels in
turn are not in it, are, are not, ... in the order of the array.
"""

import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungcore.errors import LungcoreError
from lungcore.findings.attributes import SCALES
from lungcore.findings.checking import FARTHEST_MM, LARGEST_MM
from lungcore.findings.finding import Position
from lungcore.findings.labels import KINDS, Drawn, DrawnSet, Grid, LabelSet, Mark, Voxels
from lungcore.findings.mask import LARGEST_VOXELS, Mask

FORMAT, VERSION = "lungcore.labels", 1
LARGEST_BYTES = 1 << 28


def read(path: Path) -> list[DrawnSet]:
    """The sets of a file. Raises LungcoreError telling what in it cannot be."""
    if path.stat().st_size > LARGEST_BYTES:
        raise LungcoreError("labels.json_damaged", path=path, problem=f"> {LARGEST_BYTES} bytes")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if (content["format"], content["version"]) != (FORMAT, VERSION):
            raise ValueError(f"format {content['format']} version {content['version']}")
        return [_set(one) for one in content["sets"]]
    except (
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
        RecursionError,
        OverflowError,
    ) as error:
        problem = f"{type(error).__name__} {error}"
        raise LungcoreError("labels.json_damaged", path=path, problem=problem) from error


def write(sets: Iterable[tuple[LabelSet, Grid]], path: Path) -> None:
    """Write sets, each with the grid of its series."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "sets": [
            {
                "series_uid": labels.series_uid,
                "reader": labels.reader,
                "marks": [_record(mark, grid) for mark in labels.marks],
            }
            for labels, grid in sets
        ],
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def runs(voxels: NDArray[np.bool_]) -> list[int]:
    """How many voxels in turn are not set, are, are not, ... in C order."""
    flat = np.concatenate([[False], voxels.ravel(), [not voxels.flat[-1]]])
    ends = np.flatnonzero(flat[1:] != flat[:-1])
    return np.diff(ends, prepend=0).tolist()


def from_runs(counts: Iterable[int], shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """The voxels that `runs` counted. Raises ValueError when they do not fill the shape."""
    lengths = np.array(list(counts))
    if lengths.dtype.kind not in "iu" or (lengths < 0).any() or sum(lengths) != math.prod(shape):
        raise ValueError(f"runs do not fill {shape}")
    return np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(shape)


def _record(mark: Mark, grid: Grid) -> dict[str, Any]:
    return {
        "name": mark.name,
        "kind": mark.kind,
        "center_mm": list(mark.center_mm),
        "diameter_mm": mark.diameter_mm,
        "attributes": dict(mark.attributes),
        "mask": None if mark.mask is None else _mask_record(mark.mask, grid),
    }


def _mask_record(mask: Mask, grid: Grid) -> dict[str, Any]:
    affine = grid.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ np.array(mask.origin, float)
    return {
        "shape": list(mask.voxels.shape),
        "affine": affine.tolist(),
        "runs": runs(mask.voxels),
    }


def _set(given: dict[str, Any]) -> DrawnSet:
    return DrawnSet(
        series_uid=_text(given["series_uid"]),
        reader=_text(given["reader"]),
        marks=tuple(_mark(mark) for mark in given["marks"]),
    )


def _mark(given: dict[str, Any]) -> Drawn:
    if given["kind"] not in KINDS:
        raise ValueError(f"kind {given['kind']}")
    diameter = given.get("diameter_mm")
    mask = given.get("mask")
    return Drawn(
        name=_text(given["name"]),
        kind=given["kind"],
        center=_position(given["center_mm"]),
        diameter_mm=None if diameter is None else _number(diameter, 0, LARGEST_MM),
        attributes={name: _rating(name, rating) for name, rating in given["attributes"].items()},
        shape=None if mask is None else _voxels(mask),
    )


def _voxels(given: dict[str, Any]) -> Voxels:
    slices, rows, columns = given["shape"]
    shape = (int(slices), int(rows), int(columns))
    if min(shape) < 1 or math.prod(shape) > LARGEST_VOXELS:
        raise ValueError(f"shape {shape}")
    affine = np.array(given["affine"], float)
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        raise ValueError("affine")
    if abs(np.linalg.det(affine[:3, :3])) < 1e-12:
        raise ValueError("affine cannot be inverted")
    return Voxels(from_runs(given["runs"], shape), affine)


def _position(given: list[float]) -> Position:
    x, y, z = (_number(mm, -FARTHEST_MM, FARTHEST_MM) for mm in given)
    return x, y, z


def _rating(name: str, rating: int) -> int:
    if rating not in range(1, SCALES[name] + 1):
        raise ValueError(f"{name} {rating}")
    return int(rating)


def _number(value: float, low: float, high: float) -> float:
    number = float(value)
    if not low <= number <= high:
        raise ValueError(f"{number} is not within {low} and {high}")
    return number


def _text(value: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"no text: {value!r}")
    return value.strip()
