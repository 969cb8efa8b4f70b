"""The weights in the repository: what their cards say, and that both runtimes agree on them."""

from pathlib import Path

import keras
import numpy as np
import pytest

from lungcore.errors import LungcoreError
from lungcore.learning import runtime, weights

MODELS = Path(__file__).resolve().parents[2] / "models"
AGREE_WITHIN = 1e-3  # in logits, cells and log millimetres
SHAPES = {"detector": (1, 32, 48, 64, 1), "malignancy": (3, 48, 48, 1)}


def test_files_are_what_the_cards_say():
    assert [problem for _, _, problem in weights.check(MODELS)] == [None, None]


@pytest.mark.parametrize("name", weights.MODELS)
def test_keras_and_openvino_agree(name):
    inputs = np.random.default_rng(0).uniform(-1, 1, SHAPES[name]).astype(np.float32)
    by_keras = keras.saving.load_model(MODELS / name / "model.keras").predict_on_batch(inputs)
    by_openvino = runtime.load(MODELS / name)(inputs)
    np.testing.assert_allclose(by_openvino, by_keras, atol=AGREE_WITHIN)


@pytest.mark.parametrize("name", weights.MODELS)
def test_files_are_small(name):
    for file in weights.FILES:
        assert (MODELS / name / file).stat().st_size < 10e6


@pytest.mark.parametrize("name", weights.MODELS)
def test_every_figure_names_its_set(name):
    figures = weights.read_card(MODELS / name).figures
    assert figures
    assert all({"value", "set"} <= set(figure) for figure in figures.values())


@pytest.fixture
def copy(tmp_path):
    for name in ("model.xml", "model.bin", "card.json"):
        (tmp_path / name).write_bytes((MODELS / "malignancy" / name).read_bytes())
    return tmp_path


def test_a_flipped_byte_is_refused(copy):
    content = bytearray((copy / "model.bin").read_bytes())
    content[1000] ^= 1
    (copy / "model.bin").write_bytes(content)
    with pytest.raises(LungcoreError, match=r"model\.bin"):
        runtime.load(copy)


def test_a_missing_file_is_named(copy):
    (copy / "model.bin").unlink()
    with pytest.raises(LungcoreError, match=r"model\.bin"):
        runtime.load(copy)


def test_a_broken_card_is_named(copy):
    (copy / "card.json").write_text('{"task": "malignancy"}')
    with pytest.raises(LungcoreError, match=r"card\.json"):
        runtime.load(copy)


def test_check_tells_each_model_apart(tmp_path):
    names = [name for name, _, problem in weights.check(tmp_path) if problem]
    assert names == list(weights.MODELS)
