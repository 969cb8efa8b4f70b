"""Models of others: from `.keras`, OpenVINO and ONNX files to a folder that runs here."""

import json
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from lungcore.errors import LungcoreError
from lungcore.learning import bringing, runtime, weights

MODELS = Path(__file__).resolve().parents[2] / "models"
MANIFEST = {
    "task": "detector",
    "version": "9.0.0",
    "trained_on": "elsewhere",
    "split": "by patient",
    "limits": "unknown",
    "settings": {"least_probability": 0.5, "most_reported": 7},
}


@pytest.fixture
def bring(tmp_path):
    """Brings files (bytes by name) with a manifest; the folder of weights."""

    def brought(files, **told):
        incoming = tmp_path / "incoming"
        incoming.mkdir(exist_ok=True)
        shutil.copy(MODELS / "detector" / "task.json", incoming)
        (incoming / "manifest.json").write_text(json.dumps(MANIFEST | told))
        for name, content in files.items():
            (incoming / name).write_bytes(content)
        bringing.bring(tmp_path)
        return tmp_path / "weights"

    return brought


def varint(number):
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def field(number, value):
    """One field of a protocol buffer: an int, or bytes (strings and messages)."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    value = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(value)) + value


def ints(name, *values):
    """An attribute of a node that is a list of ints (onnx.proto AttributeProto)."""
    return field(5, field(1, name) + b"".join(field(8, v) for v in values) + field(20, 7))


def shape_of(name, *sides):
    dims = b"".join(
        field(1, field(2, side) if isinstance(side, str) else field(1, side)) for side in sides
    )
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, dims)))


def onnx_detector():
    """A convolution of stride 4 with five channels, as ONNX has it, written by hand."""
    kernel = np.zeros((5, 1, 4, 4, 4), "<f4")
    kernel[0] = 0.5
    tensor = b"".join(field(1, side) for side in kernel.shape)
    tensor += field(2, 1) + field(8, "kernel") + field(9, kernel.tobytes())

    def node(kind, given, out, *attributes):
        named = b"".join(field(1, name) for name in given)
        return field(1, named + field(2, out) + field(4, kind) + b"".join(attributes))

    graph = (
        node("Transpose", ["volume"], "first", ints("perm", 0, 4, 1, 2, 3))
        + node("Conv", ["first", "kernel"], "cells", ints("strides", 4, 4, 4))
        + node("Transpose", ["cells"], "said", ints("perm", 0, 2, 3, 4, 1))
        + field(2, "graph")
        + field(5, tensor)
        + field(11, shape_of("volume", "b", "s", "r", "c", 1))
        + field(12, shape_of("said", "b", "x", "y", "z", 5))
    )
    return field(1, 8) + field(7, graph) + field(8, field(2, 13))


def test_a_keras_file_runs_as_it_did(bring):
    folder = bring({"model.keras": (MODELS / "detector" / "model.keras").read_bytes()})
    own, shipped = runtime.load(folder), runtime.load(MODELS / "detector")
    batch = np.random.default_rng(0).uniform(-1, 1, (1, 32, 32, 32, 1)).astype(np.float32)
    np.testing.assert_allclose(own(batch), shipped(batch), atol=1e-4)
    assert (own.card.version, own.card.settings["most_reported"]) == ("9.0.0", 7)


def test_openvino_files_run_as_they_did(bring):
    files = {name: (MODELS / "detector" / name).read_bytes() for name in ("model.xml", "model.bin")}
    folder = bring(files)
    assert not (folder / "model.keras").exists()
    weights.verify(folder, weights.read_card(folder), ("model.xml", "model.bin"))
    batch = np.zeros((1, 32, 32, 32, 1), np.float32)
    expected = runtime.load(MODELS / "detector")(batch)
    np.testing.assert_allclose(runtime.load(folder)(batch), expected, atol=1e-5)


def test_an_onnx_file_runs(bring):
    folder = bring({"model.onnx": onnx_detector()})
    said = runtime.load(folder)(np.ones((1, 16, 16, 32, 1), np.float32))
    assert said.shape == (1, 4, 4, 8, 5)
    assert said[0, 1, 1, 1].tolist() == [32.0, 0, 0, 0, 0]


@pytest.mark.parametrize("suffix", [".onnx", ".xml"])
def test_files_that_are_none_are_refused(bring, suffix):
    with pytest.raises(LungcoreError) as refused:
        bring({f"model{suffix}": b"<net>nothing</net>"})
    assert refused.value.key == "learning.archive_damaged"


def test_a_network_of_another_shape_is_refused(bring, tmp_path):
    network = keras.Sequential([keras.Input((8,)), layers.Dense(5)])
    network.save(tmp_path / "odd.keras")
    with pytest.raises(LungcoreError) as refused:
        bring({"model.keras": (tmp_path / "odd.keras").read_bytes()})
    assert refused.value.key == "learning.bring_shape"


@pytest.mark.parametrize("lacking", ["version", "trained_on", "limits", "split"])
def test_what_the_manifest_lacks_is_named(bring, lacking):
    with pytest.raises(LungcoreError, match=lacking):
        bring({}, **{lacking: ""})


def test_code_is_refused_with_a_reason_that_the_page_can_show(tmp_path):
    incoming = tmp_path / "incoming"
    incoming.mkdir()
    shutil.copy(MODELS / "detector" / "task.json", incoming)
    (incoming / "manifest.json").write_text(json.dumps(MANIFEST))
    network = keras.Sequential([keras.Input((8,)), layers.Lambda(lambda x: x)])
    network.save(incoming / "model.keras")
    assert bringing.main(tmp_path) == 1
    told = json.loads((tmp_path / "error.json").read_text())
    assert LungcoreError(told["key"], **told["values"]).text("zh")
    assert told["key"] == "learning.archive_code"
