import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from lungcore import __main__
from lungcore.errors import LungcoreError
from lungcore.learning import plans, seed_cnn
from lungcore.learning.roc import auc


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Discs, large ones labelled 1."""
    folder = tmp_path_factory.mktemp("pairs")
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60)
    rows, columns = np.mgrid[:100, :100]
    away = np.hypot(rows - 50, columns - 50)
    images = np.stack([(away < (25 if label else 8)).astype(np.float32) for label in labels])
    images += rng.normal(0, 0.1, images.shape).astype(np.float32)
    np.save(folder / "train_images.npy", images)
    np.save(folder / "train_labels.npy", labels)
    return folder


def command(pairs, out, *more):
    files = [f"--{name}={pairs / f'train_{name}.npy'}" for name in ("images", "labels")]
    return ["train", "--preset", "seed_cnn", *files, "--out", str(out), *more]


def test_the_network_is_the_one_asked_for():
    convolutions = [n for n in seed_cnn.network().layers if isinstance(n, keras.layers.Conv2D)]
    dense = [layer for layer in seed_cnn.network().layers if isinstance(layer, keras.layers.Dense)]
    assert [layer.filters for layer in convolutions] == [32, 64]
    assert [layer.units for layer in dense] == [64, 1]
    assert seed_cnn.network().input_shape == (None, 100, 100, 1)


def test_trains_from_npy_files_into_a_keras_file(pairs, tmp_path, capsys):
    assert __main__.main(command(pairs, tmp_path / "out", "--epochs", "3", "--json")) == 0
    record = json.loads(capsys.readouterr().out)
    model = keras.saving.load_model(record["model"])
    images = np.load(pairs / "train_images.npy")[..., None]
    scores = model.predict(images, verbose=0)[:, 0]
    assert auc(scores, np.load(pairs / "train_labels.npy") > 0) > 0.95
    assert record["metrics"]["val_auc"] > 0.9
    history = json.loads((tmp_path / "out" / "history.json").read_text())
    assert len(history["loss"]) == len(history["val_loss"]) == 3


def test_same_seed_same_split(pairs, tmp_path):
    images, labels = seed_cnn.read_pairs(pairs / "train_images.npy", pairs / "train_labels.npy")
    recipe = replace(plans.defaults("seed_cnn"), epochs=1, seed=5)
    one, other = (
        seed_cnn.train(images, labels, recipe, tmp_path / name).metrics["val_loss"]
        for name in ("one", "other")
    )
    assert one == pytest.approx(other, rel=1e-3)


def test_files_that_cannot_be_learnt_from_are_told(pairs, tmp_path):
    good = pairs / "train_images.npy", pairs / "train_labels.npy"
    small, few = tmp_path / "small.npy", tmp_path / "few.npy"
    np.save(small, np.zeros((60, 64, 64)))
    np.save(few, np.zeros(3))
    objects = tmp_path / "objects.npy"
    np.save(objects, np.array([{"a": 1}]), allow_pickle=True)
    for images, labels, told in [
        (small, good[1], "60 x 64 x 64"),
        (good[0], few, "3 labels for 60 images"),
        (objects, good[1], "pickle"),
        (tmp_path / "none.npy", good[1], "none.npy"),
    ]:
        with pytest.raises(LungcoreError, match=told):
            seed_cnn.read_pairs(images, labels)


def test_what_the_preset_needs_is_told(tmp_path, capsys):
    assert __main__.main(["train", "--preset", "seed_cnn", "--out", str(tmp_path)]) == 2
    assert "--images, --labels" in capsys.readouterr().err
    assert __main__.main(["train", "--preset", "detector", "--out", str(tmp_path)]) == 2
    assert "--data" in capsys.readouterr().err
