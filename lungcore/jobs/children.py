"""Work in a process of its own, so that the worker stays light: it ends with the worker."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from lungcore.errors import LungcoreError

POLL_SECONDS = 0.1
WATCH_SECONDS = 1.0
STOP_SECONDS = 60.0  # for a training to write its checkpoint
DONE, STOPPED = 0, 3


def run(
    module: str,
    folder: Path,
    *options: str,
    stop: Callable[[], bool] = lambda: False,
    watch: Callable[[], None] = lambda: None,
) -> bool:
    """`python -m MODULE FOLDER`; False when it was asked to stop and did.

    stop: asked all the time; then `FOLDER/stop` tells the child, which gets some time for it.
    watch: called every second. Raises LungcoreError with what the child wrote into `error.json`,
    or models.child_died when it wrote nothing.
    """
    for leftover in ("stop", "error.json"):
        (folder / leftover).unlink(missing_ok=True)
    code = str(Path(__file__).parents[2])
    search = [code, *filter(None, [os.environ.get("PYTHONPATH")])]
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONPATH": os.pathsep.join(search)}
    with (folder / "child.log").open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", module, str(folder), *options],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, **quiet},
        )
    watched = time.monotonic()
    try:
        while child.poll() is None:
            if time.monotonic() - watched >= WATCH_SECONDS:
                watched = time.monotonic()
                watch()
            if stop():
                (folder / "stop").touch()
                child.wait(STOP_SECONDS)
                break
            time.sleep(POLL_SECONDS)
    except subprocess.TimeoutExpired:
        return False  # what it had done since its last checkpoint is done again
    finally:
        child.kill()
        child.wait()
        watch()
    if child.returncode == STOPPED or (folder / "stop").exists():
        return False
    if child.returncode != DONE:
        raise _reason(folder, child.returncode)
    return True


def _reason(folder: Path, status: int) -> LungcoreError:
    try:
        told = json.loads((folder / "error.json").read_text(encoding="utf-8"))
        return LungcoreError(str(told["key"]), **told["values"])
    except (OSError, ValueError, KeyError, TypeError):
        return LungcoreError("models.child_died", status=status, log=folder / "child.log")
