from dataclasses import replace

import keras
import numpy as np
import openvino
import pytest

from lungcore.errors import LungcoreError
from lungcore.learning import export, losses, networks, runtime, weights
from lungcore.learning.targets import OUTPUT_STRIDE
from lungcore.learning.tasks import LUNGS

TINY = replace(
    LUNGS,
    detector=replace(LUNGS.detector, widths=(4, 8, 8)),
    classifier=replace(LUNGS.classifier, widths=(4, 4, 8, 8)),
)
AGREE_WITHIN = 1e-4  # of Keras and OpenVINO, in logits, cells and log millimetres


@pytest.fixture(scope="module")
def detector():
    return networks.detector(TINY)


def test_detector_is_fully_convolutional(detector):
    for shape in ((32, 48, 64), (48, 32, 32)):
        output = detector.predict_on_batch(np.zeros((1, *shape, 1), np.float32))
        assert output.shape[1:4] == tuple(side // OUTPUT_STRIDE for side in shape)
        assert output.shape[4] == networks.DETECTOR_CHANNELS


def test_shipped_sizes_stay_small():
    assert networks.detector(LUNGS).count_params() * 4 < 10e6
    assert networks.classifier(LUNGS).count_params() * 4 * LUNGS.members < 11e6


@pytest.fixture(scope="module")
def members():
    keras.utils.set_random_seed(1)
    return [networks.classifier(TINY) for _ in range(2)]


def slabs(count):
    shape = (count, LUNGS.crop.side, LUNGS.crop.side, len(LUNGS.crop.neighbours))
    return np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)


def test_the_slopes_are_the_gradient_of_the_malignancy(members):
    head = members[0].get_layer("scores")
    features = np.random.default_rng(0).normal(size=(3, head.first.shape[0])).astype(np.float32)
    scores, slopes = (np.asarray(values) for values in head(features))
    step = 1e-2
    for number in (0, 5, features.shape[1] - 1):
        moved = features.copy()
        moved[:, number] += step
        risen = np.asarray(head(moved)[0])[:, 1:6].sum(axis=1) - scores[:, 1:6].sum(axis=1)
        np.testing.assert_allclose(risen / step, slopes[:, number], atol=2e-2)


def test_the_evidence_adds_up_to_what_the_averages_add(members):
    head = members[0].get_layer("scores")
    averages = keras.Model(members[0].input, head.input).predict_on_batch(slabs(3))
    _, slopes = (np.asarray(values) for values in head(averages))
    _, scores, evidence = members[0].predict_on_batch(slabs(3))
    expected = (slopes * averages)[:, :-1].sum(axis=1)  # but for the area
    np.testing.assert_allclose(evidence.sum(axis=(1, 2, 3)), expected, atol=1e-4)
    assert scores.shape == (3, len(LUNGS.targets))


def test_ensemble_says_what_its_members_say(members):
    masks, scores, evidence = networks.ensemble(members).predict_on_batch(slabs(2))
    for number, member in enumerate(members):
        mask, score, maps = member.predict_on_batch(slabs(2))
        np.testing.assert_allclose(masks[..., number], mask[..., 0], atol=1e-5)
        np.testing.assert_allclose(scores[:, number], score, atol=1e-5)
        np.testing.assert_allclose(evidence[..., number], maps[..., 0], atol=1e-5)


def test_exported_ensemble_gives_three_outputs(members, tmp_path):
    export.export(networks.ensemble(members), TINY, tmp_path)
    ir = tmp_path / "model.xml"
    outputs = openvino.Core().compile_model(str(ir), "CPU", runtime.CONFIGURATION)(slabs(2))
    expected = networks.ensemble(members).predict_on_batch(slabs(2))
    for ours, theirs in zip(outputs.to_tuple(), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=AGREE_WITHIN)


def test_members_run_alone(members, tmp_path):
    digests = export.export(networks.ensemble(members), TINY, tmp_path)
    told = dict.fromkeys(("version", "created", "trained_on", "split", "limits"), "")
    card = weights.Card(task="classifier", seed=1, settings={}, figures={}, sha256=digests, **told)
    weights.write_card(tmp_path, card)
    everyone = runtime.load(tmp_path).outputs(slabs(2))
    alone = runtime.load(tmp_path, members=[1]).outputs(slabs(2))
    np.testing.assert_allclose(alone[0], everyone[0][..., 1:], atol=AGREE_WITHIN)
    np.testing.assert_allclose(alone[1], everyone[1][:, 1:], atol=AGREE_WITHIN)
    np.testing.assert_allclose(alone[2], everyone[2][..., 1:], atol=AGREE_WITHIN)


def test_losses_fall_to_nothing_where_the_truth_is_said():
    mask = np.zeros((1, 6, 6, 2), np.float32)
    mask[:, 2:4, 2:4, 0] = 1
    said = np.where(mask[..., :1] > 0, 30.0, -30.0).astype(np.float32)
    mask[..., 1] = 1
    assert float(losses.mask_loss(mask, said)) == pytest.approx(0, abs=1e-3)
    assert float(losses.mask_loss(mask, -said)) > 1
    scores = np.array([[[1, 0], [1, 1]]], np.float32)
    assert float(losses.score_loss()(scores, np.array([[30.0, -30.0]], "float32"))) < 1e-3
    unweighted = np.array([[[1, 0], [0, 0]]], np.float32)
    assert float(losses.score_loss()(unweighted, np.array([[-3.0, 3.0]], "float32"))) == 0


def test_detector_learns_one_patch():
    keras.utils.set_random_seed(0)
    volume = np.full((1, 32, 32, 32, 1), -0.8, np.float32)
    volume[:, 12:20, 12:20, 12:20] = 0.5
    truth = np.zeros((1, 8, 8, 8, 6), np.float32)
    truth[..., 5] = 1
    truth[:, 4, 4, 4, :5] = (1, 0, 0, 0, np.log(8))
    network = networks.detector(TINY)
    network.compile(keras.optimizers.Adam(1e-2), losses.detection_loss(), run_eagerly=True)
    seen = [float(network.train_on_batch(volume, truth)) for _ in range(10)]
    assert min(seen[-3:]) < 0.6 * seen[0]


def test_untrusted_cells_cost_nothing():
    predicted = np.random.default_rng(0).normal(size=(1, 4, 4, 4, 5)).astype(np.float32)
    truth = np.zeros((1, 4, 4, 4, 6), np.float32)
    assert float(losses.detection_loss()(truth, predicted)) == 0
    truth[0, 1, 1, 1, 5] = 1
    assert float(losses.detection_loss()(truth, predicted)) > 0


def test_keras_and_openvino_agree_at_another_shape(detector, tmp_path):
    export.export(detector, TINY, tmp_path)
    volume = np.random.default_rng(0).uniform(-1, 1, (1, 32, 64, 32, 1)).astype(np.float32)
    ir = tmp_path / "model.xml"
    by_openvino = openvino.Core().compile_model(str(ir), "CPU", runtime.CONFIGURATION)(volume)[0]
    np.testing.assert_allclose(by_openvino, detector.predict_on_batch(volume), atol=AGREE_WITHIN)


def test_an_export_that_differs_is_refused(detector, tmp_path, monkeypatch):
    monkeypatch.setattr(export, "disagreement", lambda model, ir: 1.0)
    with pytest.raises(LungcoreError, match="differs"):
        export.export(detector, TINY, tmp_path)
