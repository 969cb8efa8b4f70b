"""The curve of a training as lines of JSON: one a step, one a validation. Loads nothing heavy.

A step's line: step, seconds, rate and the metrics by name; a validation's line: step, seconds and
the same metrics as `val_NAME`. A line that a kill cut short is passed over.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FILE = "curve.jsonl"


def append(folder: Path, line: Mapping[str, Any]) -> None:
    """Add a line."""
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(dict(line)) + "\n")


def read(folder: Path) -> list[dict[str, Any]]:
    """All lines, oldest first; none when there is no curve yet."""
    return list(_lines(folder / FILE))


def cut(folder: Path, step: int) -> None:
    """Forget what came after `step`: a training that goes on from there makes it anew."""
    kept = [line for line in _lines(folder / FILE) if line["step"] <= step]
    beside = folder / f"{FILE}.tmp"
    beside.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")
    beside.replace(folder / FILE)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if not path.is_file():
        return
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int):
            yield line
