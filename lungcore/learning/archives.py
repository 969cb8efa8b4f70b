"""Whether weights from elsewhere are data alone: looked at before any library opens them.

A `.keras` file is a zip of a configuration, which names the layers, and an HDF5 file of numbers.
Some layers carry code or load it (Lambda is bytecode, TorchModuleWrapper a pickle, TFSMLayer a
program of TensorFlow), a configuration may name any function of Python, and HDF5 may refer to other
files of the machine. So only names of an allowlist pass (CVE-2025-1550, CVE-2025-8747,
CVE-2025-9906 were ways around `safe_mode`).
"""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from lungcore.errors import LungcoreError

MEMBERS = {"metadata.json", "config.json", "model.weights.h5"}
LARGEST_BYTES = 2_000_000_000
LARGEST_CONFIG_BYTES = 50_000_000
DEEPEST = 60
# Modules of Keras whose classes are layers and numbers; operations, as in a functional model.
MODULES = {
    "keras",
    "keras.layers",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.models",
    "keras.src.models.functional",
    "keras.src.models.sequential",
    "keras.src.ops.numpy",
    "keras.src.ops.nn",
}
OF_KERAS_ITSELF = {"DTypePolicy", "Functional", "Model", "Sequential", "Variable"}
WITH_CODE = {"Lambda", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"}
OURS = {f"lungcore>{name}" for name in ("MaskedMean", "LogArea", "ExplainedHead", "Evidence")}
PLAIN = {"__keras_tensor__", "__slice__", "__tuple__", "__numpy__", "__tensor__"}


def check_keras(path: Path) -> None:
    """Raise LungcoreError naming what makes the `.keras` file more than data, or damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive)
            config = _json(archive, "config.json")
            for described in _objects(config):
                _check_object(path, described)
            with archive.open("model.weights.h5") as file, h5py.File(file, "r") as weights:
                _check_weights(path, weights)
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, RecursionError) as error:
        raise LungcoreError("learning.archive_damaged", path=path.name, problem=error) from error


def layers(path: Path) -> list[tuple[str, int]]:
    """Name and parameters of each layer with weights, from the input on; of an ensemble, those of
    its first member."""
    with zipfile.ZipFile(path) as archive:
        config = _json(archive, "config.json")
        with archive.open("model.weights.h5") as file, h5py.File(file, "r") as weights:
            return _layers(config, weights)


def _layers(config: dict[str, Any], weights: h5py.Group) -> list[tuple[str, int]]:
    """Keras names the groups of a file after the classes, counted in the order of the layers."""
    found: list[tuple[str, int]] = []
    seen: dict[str, int] = {}
    for layer in config["config"]["layers"]:
        kind = _snake(layer["class_name"])
        number = seen.get(kind, 0)
        seen[kind] = number + 1
        group = weights.get(f"layers/{kind}_{number}" if number else f"layers/{kind}")
        if group is None:
            continue
        if layer["class_name"] == "Functional":
            return _layers(layer, group)
        count = _parameters(group)
        if count:
            found.append((layer["config"]["name"], count))
    return found


def _parameters(group: h5py.Group) -> int:
    sizes: list[int] = []
    group.visititems(
        lambda _, item: sizes.append(int(item.size)) if isinstance(item, h5py.Dataset) else None
    )
    return sum(sizes)


def _snake(name: str) -> str:
    """A class's name as Keras spells its groups: BatchNormalization, batch_normalization."""
    apart = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", apart).lower()


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    if names - MEMBERS:
        raise LungcoreError("learning.archive_member", path=path.name, member=min(names - MEMBERS))
    if sum(entry.file_size for entry in archive.infolist()) > LARGEST_BYTES:
        raise LungcoreError("learning.archive_large", path=path.name)


def _json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    if archive.getinfo(name).file_size > LARGEST_CONFIG_BYTES:
        raise ValueError(name)
    content = json.loads(archive.read(name))
    if not isinstance(content, dict):
        raise ValueError(name)
    return content


def _objects(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Everything in a configuration that names a class to be made."""
    if depth > DEEPEST:
        raise ValueError("nested too deep")
    if isinstance(value, dict):
        if "class_name" in value:
            yield value
        for inner in value.values():
            yield from _objects(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner, depth + 1)


def _check_object(path: Path, described: dict[str, Any]) -> None:
    name, module = described["class_name"], described.get("module")
    registered = described.get("registered_name")
    if name in WITH_CODE or registered in WITH_CODE:
        raise LungcoreError("learning.archive_code", path=path.name, layer=name)
    known = (
        (module is None and name in PLAIN)
        or (registered in OURS and module == "lungcore.learning.networks")
        or (module == "keras" and name in OF_KERAS_ITSELF)
        or (module in MODULES - {"keras"} and registered in (None, name))
    )
    if not known:
        shown = registered or f"{module}.{name}"
        raise LungcoreError("learning.archive_unknown", path=path.name, object=shown)


def _check_weights(path: Path, group: h5py.Group) -> None:
    """Refuse links out of the file, and data that lies in another file."""
    for name in group:
        link = group.get(name, getlink=True)
        if not isinstance(link, h5py.HardLink):
            raise LungcoreError("learning.archive_link", path=path.name, name=name)
        item = group[name]
        if isinstance(item, h5py.Group):
            _check_weights(path, item)
        elif item.external or item.is_virtual or item.dtype.kind not in "biufSO":
            raise LungcoreError("learning.archive_link", path=path.name, name=name)
