"""Weights of others, as a folder that runs here: `.keras`, ONNX or OpenVINO and a small manifest.

    {"task": "detector", "version": "...", "trained_on": "...", "split": "...", "limits": "...",
     "settings": {"least_probability": 0.3, "most_reported": 20}, "seed": 0}

`python -m lungcore.learning.bringing FOLDER` turns what `incoming/` of the folder holds into
`weights/`, in a process of its own.
"""

import json
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openvino

from lungcore.errors import LungcoreError
from lungcore.learning import archives, children, tasks
from lungcore.learning.weights import BROUGHT, FILES, MODELS, Card, digest, write_card


def bring(folder: Path) -> None:
    """Turn `incoming/` into `weights/`. Raises LungcoreError when it is not what runs here."""
    incoming, out = folder / "incoming", folder / "weights"
    manifest = read_manifest(incoming / "manifest.json")
    path = next((one for one in sorted(incoming.iterdir()) if one.suffix in BROUGHT), None)
    if path is None:
        raise LungcoreError("learning.bring_nothing", suffixes=", ".join(BROUGHT))
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    task = tasks.read(incoming / tasks.FILE)
    if path.suffix == ".keras":
        _from_keras(path, out)
    else:
        _from_graph(path, out)
    _check_shapes(openvino.Core().read_model(out / "model.xml"), manifest["task"], task)
    tasks.write(out / tasks.FILE, task)
    present = {name: digest(out / name) for name in FILES if (out / name).is_file()}
    write_card(
        out,
        Card(
            task=manifest["task"],
            version=manifest["version"],
            created=datetime.now(UTC).date().isoformat(),
            trained_on=manifest["trained_on"],
            split=manifest["split"],
            limits=manifest["limits"],
            seed=int(manifest.get("seed", 0)),
            settings={name: float(value) for name, value in manifest["settings"].items()},
            figures=dict(manifest.get("figures", {})),
            sha256=present,
        ),
    )


def read_manifest(path: Path) -> dict[str, Any]:
    """The manifest; LungcoreError naming what it lacks."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        lacking = [
            name
            for name in ("task", "version", "trained_on", "split", "limits")
            if not isinstance(content.get(name), str) or not content[name].strip()
        ]
        if lacking or content["task"] not in MODELS or not isinstance(content["settings"], dict):
            raise LungcoreError("learning.manifest_lacks", name=(lacking or ["task"])[0])
    except (OSError, ValueError, AttributeError, KeyError) as error:
        raise LungcoreError("learning.manifest_unreadable", problem=error) from error
    return dict(content)


def _from_keras(path: Path, out: Path) -> None:
    archives.check_keras(path)
    import keras

    from lungcore.learning import networks  # noqa: F401 - makes its layers known
    from lungcore.learning.export import write_ir

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, OSError) as error:
        raise LungcoreError("learning.archive_damaged", path=path.name, problem=error) from error
    model.save(out / "model.keras")
    write_ir(model, out / "model.xml")


def _from_graph(path: Path, out: Path) -> None:
    """ONNX or OpenVINO IR, read by OpenVINO, which runs no code of theirs."""
    try:
        network = openvino.Core().read_model(path)
        openvino.save_model(network, out / "model.xml", compress_to_fp16=False)
    except RuntimeError as error:
        problem = str(error).strip().splitlines()[-1][:300]
        raise LungcoreError("learning.archive_damaged", path=path.name, problem=problem) from error


def _check_shapes(network: openvino.Model, kind: str, task: tasks.Task) -> None:
    """Refuse what does not take and give what networks of this kind do."""
    inputs, outputs = network.inputs, network.outputs
    ranks = [len(one.get_partial_shape()) for one in (*inputs, *outputs)]
    if kind == "detector":
        fits = ranks == [5, 5] and str(outputs[0].get_partial_shape()[4]) == "5"
    else:
        scores = [
            str(one.get_partial_shape()[2]) for one in outputs if len(one.get_partial_shape()) == 3
        ]
        fits = ranks == [4, 4, 3, 4] and scores == [str(len(task.targets))]
    if not fits:
        shown = ", ".join(str(one.get_partial_shape()) for one in (*inputs, *outputs))
        raise LungcoreError("learning.bring_shape", kind=kind, shapes=shown)


def main(folder: Path) -> int:
    """Bring what lies in the folder; the exit status."""
    try:
        bring(folder)
    except LungcoreError as error:
        children.tell(folder, error)
        return 1
    return 0


if __name__ == "__main__":
    children.end_with_pipe()
    sys.exit(main(Path(sys.argv[1])))
