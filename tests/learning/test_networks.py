import keras
import numpy as np
import openvino
import pytest

from lungcore.errors import LungcoreError
from lungcore.learning import export, losses, networks, runtime
from lungcore.learning.crops import SIDE
from lungcore.learning.targets import OUTPUT_STRIDE

AGREE_WITHIN = 1e-4  # of Keras and OpenVINO, in logits, cells and log millimetres


@pytest.fixture(scope="module")
def detector():
    return networks.detector(widths=(4, 8, 8))


def test_detector_is_fully_convolutional(detector):
    for shape in ((32, 48, 64), (48, 32, 32)):
        output = detector.predict_on_batch(np.zeros((1, *shape, 1), np.float32))
        assert output.shape[1:4] == tuple(side // OUTPUT_STRIDE for side in shape)
        assert output.shape[4] == networks.DETECTOR_CHANNELS


def test_shipped_sizes_stay_small():
    assert networks.detector().count_params() * 4 < 10e6
    assert networks.malignancy().count_params() * 4 < 10e6


def test_malignancy_gives_one_logit():
    network = networks.malignancy(widths=(2, 2))
    assert network.predict_on_batch(np.zeros((3, SIDE, SIDE, 1), np.float32)).shape == (3, 1)


def test_detector_learns_one_patch():
    keras.utils.set_random_seed(0)
    volume = np.full((1, 32, 32, 32, 1), -0.8, np.float32)
    volume[:, 12:20, 12:20, 12:20] = 0.5
    truth = np.zeros((1, 8, 8, 8, 6), np.float32)
    truth[..., 5] = 1
    truth[:, 4, 4, 4, :5] = (1, 0, 0, 0, np.log(8))
    network = networks.detector(widths=(4, 8, 8))
    network.compile(keras.optimizers.Adam(1e-2), losses.detection_loss, run_eagerly=True)
    seen = [float(network.train_on_batch(volume, truth)) for _ in range(10)]
    assert min(seen[-3:]) < 0.6 * seen[0]


def test_untrusted_cells_cost_nothing():
    predicted = np.random.default_rng(0).normal(size=(1, 4, 4, 4, 5)).astype(np.float32)
    truth = np.zeros((1, 4, 4, 4, 6), np.float32)
    assert float(losses.detection_loss(truth, predicted)) == 0
    truth[0, 1, 1, 1, 5] = 1
    assert float(losses.detection_loss(truth, predicted)) > 0


def test_keras_and_openvino_agree_at_another_shape(detector, tmp_path):
    export.export(detector, tmp_path)
    volume = np.random.default_rng(0).uniform(-1, 1, (1, 32, 64, 32, 1)).astype(np.float32)
    ir = tmp_path / "model.xml"
    by_openvino = openvino.Core().compile_model(str(ir), "CPU", runtime.CONFIGURATION)(volume)[0]
    np.testing.assert_allclose(by_openvino, detector.predict_on_batch(volume), atol=AGREE_WITHIN)


def test_an_export_that_differs_is_refused(detector, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "disagreement", lambda model, ir: 1.0)
    with pytest.raises(LungcoreError, match="tensorflow"):
        export.export(detector, tmp_path)
