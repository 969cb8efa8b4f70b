"""The viewer's own tests, by Node's test runner."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_scripts_pass_their_tests() -> None:
    node = shutil.which("node")
    if node is None and not os.environ.get("LUNGCORE_NO_SKIP"):
        pytest.skip("needs Node 20 or later, which is not installed")
    assert node is not None, "Node is missing, and LUNGCORE_NO_SKIP forbids to skip"
    files = sorted(str(path) for path in Path(__file__).parent.glob("*.test.mjs"))
    found = subprocess.run([node, "--test", *files], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
