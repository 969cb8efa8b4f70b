"""A real worker, but for its detector: it waits for orders, which are files in the home folder."""

import os
import sys
import time
from types import SimpleNamespace

import numpy as np

from lungcore.errors import LungcoreError
from lungcore.findings.finding import Candidate
from lungcore.imaging.layers import Layer
from lungcore.jobs import worker
from lungcore.learning.detect import Stopped
from lungcore.settings import load

SETTINGS = load()
HOME = SETTINGS.home


def detect(volume, models, *, engine, progress, stop):
    with (HOME / "calls").open("a") as calls:
        calls.write("x")
    progress("jobs.step_starting", 0.25)
    while True:
        if stop():
            (HOME / "stopped").touch()
            raise Stopped
        if (HOME / "die").exists():
            os._exit(9)
        if (HOME / "fail").exists():
            raise LungcoreError("records.series_unknown", series_uid="9.9")
        if (HOME / "break").exists():
            raise ZeroDivisionError("out of the blue")
        if (HOME / "finish").exists():
            found = (Candidate((1.0, 2.0, 3.0), 8.0, 0.9, 0.5),)
            mask = Layer("nodule", np.ones((1, 2, 3), np.uint8), (1, 2, 3), candidate=0)
            return SimpleNamespace(
                candidates=found, layers=(mask,), models={"fake": "1"}, seconds={"all": 1.0}
            )
        time.sleep(0.02)


if __name__ == "__main__":
    worker.run(SETTINGS, embedded="--embedded" in sys.argv, detect=detect)
