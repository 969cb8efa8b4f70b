"""The scripts ask what the server takes, and each value has its meaning in words."""

import json
import subprocess
import sys
from pathlib import Path

from lungcore.findings.attributes import SCALES
from lungcore.findings.said import LOBES, NODULE_TYPES, QUALITIES, SURENESS
from lungcore.language import catalogue

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(sys.executable).with_name("node")
TELL = "import('./lungcore/viewer/static/said.js').then((m) => console.log(JSON.stringify(m)))"


def test_the_form_asks_what_the_server_takes() -> None:
    done = subprocess.run([NODE, "-e", TELL], cwd=ROOT, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout)
    assert told["SCALES"] == dict(SCALES)
    names = ("NODULE_TYPES", "LOBES", "QUALITIES")
    assert [told[name] for name in names] == [list(NODULE_TYPES), list(LOBES), list(QUALITIES)]
    asked = {question["name"]: question["values"] for question in told["QUESTIONS"]}
    assert len(asked["confidence"]) == SURENESS
    asked["quality"] = told["QUALITIES"]
    for name, values in asked.items():
        for value in values:
            assert f"viewer.value_{name}_{value}" in catalogue()
