import numpy as np
import pytest

from lungcore.imaging.volume import Volume
from lungcore.learning.data import Background, Nodule
from lungcore.learning.mining import false_positives, mine
from lungcore.learning.targets import OUTPUT_STRIDE
from lungcore.learning.validation import synthetic_scans


@pytest.fixture
def background():
    hu = np.full((96, 96, 96), -850, np.int16)
    lungs = np.zeros(hu.shape, bool)
    lungs[8:-8, 8:-8, 8:-8] = True
    trusted = np.ones(hu.shape, bool)
    trusted[:48] = False
    affine = np.eye(4)[:, [2, 1, 0, 3]]
    affine[:3, 3] = (-40, -30, 200)
    return Background("plain", Volume(hu, affine), lungs, trusted)


@pytest.fixture
def nodule():
    away = np.moveaxis(np.indices((15, 15, 15)), 0, -1) - 7
    mask = np.linalg.norm(away, axis=-1) <= 4
    hu = np.where(mask, 500, -850).astype(np.int16)
    return Nodule("patient", 7, Volume(hu, np.eye(4)[:, [2, 1, 0, 3]]), mask, 8.0, 5, 3)


def test_every_nodule_lies_in_trusted_lung_where_the_truth_says(background, nodule):
    (scan,) = synthetic_scans([nodule] * 2, [background])
    assert len(scan.truths) == len(scan.nodules) == 2
    for truth in scan.truths:
        index = np.rint(scan.volume.to_index(truth.center_mm)).astype(int)
        assert scan.background.trusted[tuple(index)]
        assert scan.volume.hu[tuple(index)] > 300
        assert truth.diameter_mm == pytest.approx(8, abs=1)
    assert (scan.volume.hu[:40] == -850).all()
    assert (background.volume.hu == -850).all()


def test_false_positives_are_those_in_trusted_lung(background):
    def predict(hu):
        output = np.full((*(side // OUTPUT_STRIDE for side in hu.shape), 5), -9.0, np.float32)
        output[..., 1:] = 0
        for cell in ((5, 12, 12), (18, 12, 12), (18, 0, 0), (16, 6, 6)):
            output[(*cell, 0)] = cell[0] / 8
        return output

    peaks = false_positives(predict, background, 1.0)
    assert [round(peak.position[0]) for peak in peaks] == [74, 66]
    assert [spot.position[0] for spot in mine(predict, [background], 1.0)] == [74, 66]
