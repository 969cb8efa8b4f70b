"""Weights from elsewhere: what is data passes, what is or brings code does not."""

import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from lungcore.errors import LungcoreError
from lungcore.learning import archives, loop, networks

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture
def plain(tmp_path):
    """A small network of Keras' own layers."""
    network = keras.Sequential([keras.Input((8,)), layers.Dense(4, "relu"), layers.Dense(1)])
    network.save(tmp_path / "plain.keras")
    return tmp_path / "plain.keras"


def changed(path, change):
    """A copy whose configuration went through `change`."""
    copy = path.with_name("changed.keras")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            new.writestr(name, content)
    return copy


@pytest.mark.parametrize("name", ["detector", "classifier"])
def test_the_shipped_weights_pass_and_their_layers_are_those_that_keras_trains(name):
    path = MODELS / name / "model.keras"
    archives.check_keras(path)
    model = networks.load(path)
    model = model if name == "detector" else model.get_layer("member0")
    told = [(layer.name, layer.count_params()) for layer in loop.weighted(model)]
    found = archives.layers(path)
    assert [count for _, count in found] == [count for _, count in told]


def test_a_plain_network_passes(plain):
    archives.check_keras(plain)
    assert [count for _, count in archives.layers(plain)] == [36, 5]


def test_a_lambda_layer_is_refused(tmp_path):
    network = keras.Sequential([keras.Input((8,)), layers.Lambda(lambda x: x * 2)])
    network.save(tmp_path / "lambda.keras")
    with pytest.raises(LungcoreError, match="Lambda"):
        archives.check_keras(tmp_path / "lambda.keras")


@pytest.mark.parametrize(
    ("described", "named"),
    [
        ({"class_name": "TorchModuleWrapper", "module": "keras.layers"}, "TorchModuleWrapper"),
        ({"class_name": "TFSMLayer", "module": "keras.layers"}, "TFSMLayer"),
        ({"class_name": "function", "module": "os", "config": "system"}, "os.function"),
        ({"class_name": "get_file", "module": "keras.utils"}, "keras.utils.get_file"),
        ({"class_name": "enable_unsafe_deserialization", "module": "keras.config"}, "unsafe"),
        (
            {"class_name": "Dense", "module": "keras.layers", "registered_name": "x>Dense"},
            "x>Dense",
        ),
        (
            {"class_name": "MaskedMean", "module": "os", "registered_name": "lungcore>MaskedMean"},
            "MaskedMean",
        ),
        ({"class_name": "run", "module": None}, "None.run"),
    ],
)
def test_what_names_code_is_refused_wherever_it_stands(plain, described, named):
    def hide(config):
        config["config"]["layers"][1]["config"]["kernel_regularizer"] = {"config": [described]}

    with pytest.raises(LungcoreError, match=named) as refused:
        archives.check_keras(changed(plain, hide))
    assert refused.value.key in ("learning.archive_code", "learning.archive_unknown")


def test_a_configuration_without_end_is_refused(plain):
    def nest(config):
        inner = config
        for _ in range(200):
            inner["config"] = {"config": {}}
            inner = inner["config"]

    with pytest.raises(LungcoreError) as refused:
        archives.check_keras(changed(plain, nest))
    assert refused.value.key == "learning.archive_damaged"


def test_further_members_and_other_files_are_refused(plain, tmp_path):
    with zipfile.ZipFile(plain, "a") as archive:
        archive.writestr("assets/payload.pkl", b"x")
    with pytest.raises(LungcoreError, match="payload"):
        archives.check_keras(plain)
    (tmp_path / "no.keras").write_bytes(b"no archive")
    with pytest.raises(LungcoreError) as refused:
        archives.check_keras(tmp_path / "no.keras")
    assert refused.value.key == "learning.archive_damaged"


@pytest.mark.parametrize("way", ["link", "external"])
def test_weights_that_lie_elsewhere_are_refused(plain, tmp_path, way):
    weights = tmp_path / "weights.h5"
    with zipfile.ZipFile(plain) as archive:
        weights.write_bytes(archive.read("model.weights.h5"))
        config = archive.read("config.json")
    with h5py.File(weights, "a") as file:
        if way == "link":
            file["stolen"] = h5py.ExternalLink("/etc/passwd", "/")
        else:
            file.create_dataset(
                "stolen", (4,), np.uint8, external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
            )
    with zipfile.ZipFile(tmp_path / "odd.keras", "w") as archive:
        archive.writestr("config.json", config)
        archive.write(weights, "model.weights.h5")
    with pytest.raises(LungcoreError, match="stolen"):
        archives.check_keras(tmp_path / "odd.keras")
