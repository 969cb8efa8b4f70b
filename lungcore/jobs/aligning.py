"""The align job: how two scans of a patient lie to each other, by the lungs of their detections."""

from typing import Any

import numpy as np

from lungcore.errors import LungcoreError
from lungcore.imaging.alignment import Lungs, align
from lungcore.records import database, layers, studies
from lungcore.records.layers import LayerStore
from lungcore.settings import Settings


def align_series(settings: Settings, first_uid: str, second_uid: str) -> dict[str, Any]:
    """The alignment of the first series to the second: scale, shift_mm, overlap, good.

    Raises LungcoreError when one has no detection with lungs.
    """
    found = align(_lungs(settings, first_uid), _lungs(settings, second_uid))
    return {
        "scale": list(found.scale),
        "shift_mm": list(found.shift_mm),
        "overlap": found.overlap,
        "good": found.is_good,
    }


def _lungs(settings: Settings, series_uid: str) -> Lungs:
    """The lungs that the latest detection saw, with all slices of the series."""
    engine = database.connect(settings.database_url)
    try:
        with database.snapshot(engine) as session:
            series = studies.series(session, series_uid)
            layer = layers.lungs_of(session, series_uid)
    finally:
        engine.dispose()
    if layer is None:
        raise LungcoreError("jobs.align_no_lungs", series_uid=series_uid)
    values = LayerStore(settings.storage).values(layer)
    start, step = np.array(layer.origin), np.array(layer.step)
    mask = np.zeros((series.slices, *values.shape[1:]), bool)
    mask[start[0] : start[0] + len(values)] = values > 0
    # An element stands for the voxels under it: its middle is theirs.
    affine = series.grid.affine @ np.block(
        [
            [np.diag(step), np.array([0, *(start[1:] + (step[1:] - 1) / 2)])[:, None]],
            [np.zeros((1, 3)), np.ones((1, 1))],
        ]
    )
    return Lungs(mask, affine)
