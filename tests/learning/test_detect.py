from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from lungcore.errors import LungcoreError
from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.volume import Volume
from lungcore.learning.data import read_image, read_rows
from lungcore.learning.detect import Stopped, detect, search
from lungcore.learning.targets import OUTPUT_STRIDE
from lungcore.learning.tasks import LUNGS, Task
from lungcore.learning.weights import Card, folders

MODELS = Path(__file__).resolve().parents[2] / "models"


@dataclass
class BrightDots:
    """Stands for the detector: a dense cell is a centre of 16 mm."""

    card: Card
    task: Task = LUNGS

    def __call__(self, batch):
        cells = [side // OUTPUT_STRIDE for side in batch.shape[1:4]]
        blocks = batch.reshape([n for count in cells for n in (count, OUTPUT_STRIDE)])
        output = np.zeros((1, *cells, 5), np.float32)
        output[0, ..., 0] = 20 * blocks.mean(axis=(1, 3, 5)) - 12
        output[..., 4] = np.log(16)
        return output


@pytest.fixture
def dots():
    settings = {"least_probability": 0.5, "most_reported": 1}
    return BrightDots(
        Card(
            task="detector",
            version="0",
            created="",
            trained_on="",
            split="",
            limits="",
            seed=0,
            settings=settings,
            figures={},
            sha256={},
        )
    )


@pytest.fixture
def chest():
    """Two lungs with a dense cube of 10 mm in one, 100 slices of 1.5 mm."""
    hu = np.full((100, 200, 300), -1000, np.int16)
    hu[:, 20:180, 20:280] = 40
    hu[10:90, 50:150, 50:130] = -850
    hu[10:90, 50:150, 170:250] = -850
    hu[36:43, 95:105, 195:205] = 900
    affine = np.array([[0, 0, 1, -140], [0, 1, 0, -90], [-1.5, 0, 0, 310], [0, 0, 0, 1]], float)
    return Volume(hu, affine, "1.2.3")


def test_positions_come_back_in_patient_space(dots, chest):
    (candidate,) = search(chest, lung_mask(chest), dots)
    truth_mm = chest.to_mm((39, 99.5, 199.5))
    assert np.abs(np.subtract(candidate.center_mm, truth_mm)).max() < OUTPUT_STRIDE
    assert candidate.diameter_mm == pytest.approx(16)


def test_no_more_are_reported_than_the_card_says(dots, chest):
    chest.hu[60:67, 95:105, 70:80] = 900
    assert len(search(chest, lung_mask(chest), dots)) == 1
    assert len(search(chest, lung_mask(chest), dots, least_probability=0.5)) == 2


def test_finds_far_from_the_lungs_are_left_out(dots, chest):
    chest.hu[36:43, 95:105, 195:205] = -850
    chest.hu[45:50, 98:103, 149:152] = 900  # between the lungs
    assert search(chest, lung_mask(chest), dots) == []


def test_no_lung_is_told(dots, chest):
    with pytest.raises(LungcoreError, match="No lung"):
        search(chest, np.zeros(chest.shape, bool), dots)


def test_stop_ends_it(chest):
    steps = []
    with pytest.raises(Stopped):
        detect(chest, folders(MODELS), progress=lambda *step: steps.append(step), stop=lambda: True)
    assert steps[0] == ("learning.step_lungs", 0.0)


def test_the_real_nodule_is_found(shared):
    truth = read_rows(shared / "lidc_scans" / "nodules_consensus.csv")[0]
    centre_mm = [float(truth[name]) for name in ("coordX", "coordY", "coordZ")]
    shares = []
    volume = read_image(shared / "lidc_scans" / "LIDC-IDRI-0001" / "dicom")
    found = detect(volume, folders(MODELS), progress=lambda _, share: shares.append(share))
    away_mm = [np.linalg.norm(np.subtract(c.center_mm, centre_mm)) for c in found.candidates]
    assert min(away_mm) <= float(truth["diameter_mm"]) / 2
    assert shares == sorted(shares)
    probabilities = [candidate.probability for candidate in found.candidates]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(0 <= p <= 1 for p in probabilities)
    assert all(0 <= candidate.malignancy <= 1 for candidate in found.candidates)
    assert set(found.models) == {"detector", "classifier"}
