"""The viewer's own tests, by Node's test runner."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NODE = Path(sys.executable).with_name("node")  # from requirements-dev.txt


def test_the_scripts_pass_their_tests() -> None:
    files = sorted(str(path) for path in Path(__file__).parent.glob("*.test.mjs"))
    found = subprocess.run([NODE, "--test", *files], cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
