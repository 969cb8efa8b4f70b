"""Places in real scans that are no finding, though a plain filter takes them for one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.resampling import Box, crop
from lungcore.imaging.volume import Volume
from lungcore.learning.blobs import Blob, blobs
from lungcore.learning.data import SUSPECT_MARGIN_MM, Case
from lungcore.learning.rated import Rated
from lungcore.learning.tasks import Task

AROUND = (7 / 16, 3 / 4, 3 / 4)  # kept of the series, of the field of the task's crop


def places(case: Case, most: int, task: Task) -> list[Rated]:
    """The strongest blobs of `case` away from what may be a nodule, as examples of none."""
    return [
        _place(case.volume, blob, f"{case.name} {number}", task)
        for number, blob in enumerate(blobs(case.volume, case.region, most, task))
        if not _near(blob, case)
    ]


def _near(blob: Blob, case: Case) -> bool:
    reach_mm = SUSPECT_MARGIN_MM + blob.diameter_mm / 4
    distances = ((np.subtract(blob.centre_mm, centre), radius) for centre, radius in case.suspects)
    return any(np.linalg.norm(away) < radius + reach_mm for away, radius in distances)


def _place(volume: Volume, blob: Blob, name: str, task: Task) -> Rated:
    index = volume.to_index(blob.centre_mm)
    box = around(index, [share * task.crop.field_mm for share in AROUND], volume)
    targets, weights = np.zeros((2, len(task.targets)), np.float32)
    weights[0] = 1
    return Rated(
        name=name,
        patient_id=name,
        series_uid="",
        fold=-1,
        kind="none",
        volume=crop(volume, box),
        mask=None,
        index=index - box.start,
        targets=targets,
        weights=weights,
        diameter_mm=blob.diameter_mm,
    )


def around(index: NDArray[np.float64], reach_mm: Sequence[float], volume: Volume) -> Box:
    """The voxels of `volume` within `reach_mm` of `index` along (slice, row, column)."""
    reach = np.divide(reach_mm, volume.spacing_mm)
    start = np.maximum(np.floor(index - reach), 0).astype(int)
    stop = np.minimum(np.ceil(index + reach) + 1, volume.shape).astype(int)
    first, second, third = (int(value) for value in start)
    return Box((first, second, third), (int(stop[0]), int(stop[1]), int(stop[2])))
