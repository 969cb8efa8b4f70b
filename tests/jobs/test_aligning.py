"""The align job reads the lungs of two detections and tells how the scans lie to each other."""

import numpy as np
import pytest

from lungcore.dicom.write import SeriesText, write_series
from lungcore.errors import LungcoreError
from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.phantom import thorax
from lungcore.imaging.volume import Volume
from lungcore.jobs.aligning import align_series
from lungcore.jobs.importing import import_paths
from lungcore.learning.layers import lungs_layer
from lungcore.records import database, detections
from lungcore.records.layers import LayerStore

MOVED_MM = np.array([10.0, -20.0, 45.0])


def stored(settings, tmp_path, name: str, volume: Volume, *, with_lungs: bool = True) -> str:
    """A phantom series with the lungs of a detection."""
    text = SeriesText(
        uid_seed=name,
        patient_id="P",
        patient_name="P",
        study_description="",
        series_description=name,
        phantom=True,
    )
    paths = write_series(volume, tmp_path / name, text)
    [series] = import_paths(paths, settings).series
    uid = series.series_uid
    layers = []
    if with_lungs:
        layer = lungs_layer(lung_mask(volume))
        layers = [(LayerStore(settings.storage).add(layer.values), layer)]
    engine = database.connect(settings.database_url)
    with database.transaction(engine) as session:
        detections.start(session, uid, f"job {name}", None)
        detections.finish(session, f"job {name}", [], {}, {}, layers)
    engine.dispose()
    return uid


def test_the_lungs_of_two_detections_are_aligned(settings, tmp_path) -> None:
    volume = thorax(slices=60, spacing_mm=(4.0, 1.40625, 1.40625)).volume
    affine = volume.affine.copy()
    affine[:3, 3] += MOVED_MM
    uids = [
        stored(settings, tmp_path, name, one)
        for name, one in (("first", volume), ("second", Volume(volume.hu, affine)))
    ]
    found = align_series(settings, *uids)
    assert found["good"]
    middle = volume.to_mm(np.array(volume.shape) / 2)
    moved = np.multiply(middle, found["scale"]) + found["shift_mm"]
    assert np.linalg.norm(moved - middle - MOVED_MM) < 3.0


def test_without_lungs_the_reason_is_told(settings, tmp_path) -> None:
    volume = thorax(slices=20, spacing_mm=(4.0, 2.8125, 2.8125)).volume
    uid = stored(settings, tmp_path, "none", volume, with_lungs=False)
    with pytest.raises(LungcoreError, match="stored no lungs"):
        align_series(settings, uid, uid)
