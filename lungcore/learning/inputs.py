"""What studies look like to a network: spacing, kernel and histogram of HU, in training and in use.

A study that lies outside of what a model was trained on may be read by it all the same, but nobody
has measured how well. numpy alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.volume import Volume
from lungcore.learning import examples, scans
from lungcore.learning.data import Case, read_rows
from lungcore.learning.patches import SLICE_MM
from lungcore.learning.tasks import Task

EDGES_HU = (-1024, -950, -900, -850, -800, -700, -500, -200, 0, 100, 300, 4000)
SLACK = 1.1  # of spacings, for what is as good as the same
LEAST_HU_DISTANCE = 0.1  # total variation that counts as no difference
Reason = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One study. hu: share of the voxels of the body's box in each bin of `EDGES_HU`."""

    slice_mm: float
    pixel_mm: float
    kernel: str
    hu: tuple[float, ...]


def profile(volume: Volume, kernel: str = "") -> Profile:
    """What the study looks like; of its voxels, every fourth each way is looked at."""
    slice_mm, row_mm, _ = volume.spacing_mm
    some = volume.hu[:: max(1, len(volume.hu) // 40), ::4, ::4]
    counts, _ = np.histogram(np.clip(some, EDGES_HU[0], EDGES_HU[-1] - 1), EDGES_HU)
    shares = counts / max(1, counts.sum())
    return Profile(
        slice_mm=round(slice_mm, 4),
        pixel_mm=round(row_mm, 4),
        kernel=kernel.strip(),
        hu=tuple(round(float(share), 5) for share in shares),
    )


def of_training(data: Path, task: Task) -> dict[str, Any]:
    """The range of the series in a folder of training data, as a card holds it."""
    kernels = _kernels(data) if task.data == "scans" else {}
    return of_profiles(
        (profile(case.volume, kernels.get(case.name, "")) for case in _cases(data, task)),
        thickest_mm=SLICE_MM[1],
    )


def of_profiles(profiles: Iterable[Profile], thickest_mm: float = 0.0) -> dict[str, Any]:
    """The range of studies. thickest_mm: slices are blurred to as much while a network learns."""
    seen = list(profiles)
    if not seen:
        return {}
    shares = np.array([one.hu for one in seen])
    mean = shares.mean(axis=0)
    slices = [one.slice_mm for one in seen]
    return {
        "series": len(seen),
        "slice_mm": [min(slices), max(*slices, thickest_mm)],
        "pixel_mm": [min(one.pixel_mm for one in seen), max(one.pixel_mm for one in seen)],
        "kernels": sorted({one.kernel for one in seen} - {""}),
        "hu": [round(float(share), 5) for share in mean],
        "hu_distance": max(distance(one, mean) for one in shares),
    }


def departures(inputs: Mapping[str, Any], study: Profile) -> list[Reason]:
    """Where a study lies outside of what was learnt from: catalogue keys and values."""
    if not inputs:
        return []
    found: list[Reason] = []
    for name in ("slice_mm", "pixel_mm"):
        value, (low, high) = getattr(study, name), inputs[name]
        if not low / SLACK <= value <= high * SLACK:
            told = {"value": f"{value:.2f}", "low": f"{low:.2f}", "high": f"{high:.2f}"}
            found.append((f"models.out_of_range_{name}", told))
    if inputs["kernels"] and study.kernel and study.kernel not in inputs["kernels"]:
        known = ", ".join(inputs["kernels"])
        found.append(("models.out_of_range_kernel", {"kernel": study.kernel, "known": known}))
    away = distance(study.hu, inputs["hu"])
    allowed = max(LEAST_HU_DISTANCE, SLACK * inputs["hu_distance"])
    if away > allowed:
        told = {"value": f"{away:.2f}", "allowed": f"{allowed:.2f}"}
        found.append(("models.out_of_range_hu", told))
    return found


def distance(one: Sequence[float] | NDArray, other: Sequence[float] | NDArray) -> float:
    """Total variation of two histograms: 0 for the same, 1 for nothing in common."""
    return round(float(np.abs(np.asarray(one) - np.asarray(other)).sum() / 2), 5)


def as_json(study: Profile) -> dict[str, Any]:
    """The profile as JSON holds it."""
    return asdict(study) | {"hu": list(study.hu)}


def _cases(data: Path, task: Task) -> list[Case]:
    if task.data == "scans":
        return scans.cases(data, task, range(task.folds))
    return examples.cases(data, task)


def _kernels(data: Path) -> dict[str, str]:
    return {row["image"]: row.get("kernel", "") for row in read_rows(data / scans.INDEX)}
