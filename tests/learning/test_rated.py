import csv

import numpy as np
import pytest
from scipy import ndimage

from lungcore.learning import slabs
from lungcore.learning.rated import read_rated
from lungcore.learning.tasks import LUNGS, MALIGNANCY


@pytest.fixture(scope="module")
def rated(shared):
    return read_rated(shared, LUNGS)


def test_held_out_patients_are_not_read(rated):
    patients = {one.patient_id for one in rated}
    assert not patients & {"LIDC-IDRI-0001", "LIDC-IDRI-0003", "LIDC-IDRI-0023"}
    assert len(patients) > 700


def test_every_reader_counts(rated, shared):
    rows = csv.DictReader((shared / "lidc_nodule2d/nodule2d_labels.csv").open())
    by_id = {row["noduleID"]: row for row in rows}
    for one in [one for one in rated if one.kind == "plane"][:300]:
        row = by_id[one.name]
        ratings = [float(row[f"malignancy_r{i}"]) for i in range(1, 5) if row[f"malignancy_r{i}"]]
        assert one.mean == pytest.approx(float(row["malignancy_mean"]), abs=0.01)
        expected = [np.mean([rating > value for rating in ratings]) for value in range(1, 5)]
        np.testing.assert_allclose(one.targets[2:6], expected, atol=1e-6)
        assert 1 + 4 * np.sum(one.targets[2:6]) / 4 == pytest.approx(one.mean, abs=0.01)
        lobulation = 1 + 4 * one.targets[LUNGS.targets.index("lobulation")]
        assert lobulation == pytest.approx(float(row["lobulation_mean"]), abs=1e-4)


def test_3d_nodules_find_their_readers(rated):
    crops = [one for one in rated if one.kind == "voi3d"]
    found = [one for one in crops if one.readers]
    assert len(found) > 0.99 * len(crops)
    # The vote lies near the mean of the readers of the same nodule, as of no other.
    assert np.mean([abs(one.vote - one.mean) for one in found]) < 0.6
    assert all(one.mask.shape == one.volume.shape for one in crops)


def test_targets_are_shares(rated):
    targets = np.array([one.targets for one in rated])
    assert targets.shape[1] == len(LUNGS.targets) == 1 + len(MALIGNANCY) + len(LUNGS.attributes)
    assert 0 <= targets.min() <= targets.max() <= 1


def test_slabs_are_drawn_with_their_masks(rated):
    rng = np.random.default_rng(0)
    one = slabs.source(next(one for one in rated if one.kind == "voi3d" and one.diameter_mm > 12))
    np.testing.assert_allclose(one.centre, ndimage.center_of_mass(one.rated.mask))
    inside, outside = [], []
    for _ in range(20):
        slab, mask, scores = slabs.draw(one, LUNGS, rng)
        assert slab.shape == (LUNGS.crop.side, LUNGS.crop.side, len(LUNGS.crop.neighbours))
        assert scores.shape == (2, len(LUNGS.targets))
        assert (mask[..., 1] == 1).all()
        held = mask[..., 0] > 0
        if scores[1].any():  # a plane where the nodule is large
            inside.append(slab[..., 1][held].mean())
            outside.append(np.percentile(slab[..., 1][~held], 20))
    assert len(inside) > 5
    assert np.mean(inside) > np.mean(outside) + 0.5


def test_planes_have_no_mask_to_learn(rated):
    one = slabs.source(next(one for one in rated if one.kind == "plane"))
    _, mask, scores = slabs.draw(one, LUNGS, np.random.default_rng(0))
    assert not mask.any()
    assert scores[1].any()


def test_every_fold_is_left_out_by_one_member():
    folds = [fold for member in range(LUNGS.members) for fold in LUNGS.left_out(member)]
    assert sorted(folds) == list(range(8))
