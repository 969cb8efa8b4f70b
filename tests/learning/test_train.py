import argparse
import subprocess
import sys

import numpy as np
import pytest

from lungcore.errors import LungcoreError
from lungcore.learning import detector_training, train
from lungcore.learning.patches import Spot


def parse(*arguments):
    parser = argparse.ArgumentParser()
    train.configure(parser)
    return parser.parse_args(arguments)


def test_arguments(tmp_path):
    arguments = parse("--preset", "detector", "--data", str(tmp_path), "--out", "weights")
    assert arguments.steps == train.DETECTOR_STEPS
    with pytest.raises(SystemExit):
        parse("--preset", "other", "--data", str(tmp_path), "--out", "weights")


@pytest.mark.parametrize("preset", train.PRESETS)
def test_absent_data_is_named(tmp_path, preset):
    arguments = parse("--preset", preset, "--data", str(tmp_path), "--out", str(tmp_path / "out"))
    with pytest.raises(LungcoreError, match=r"\.csv"):
        train.run(arguments)


def test_training_goes_on_where_it_was(tmp_path):
    model, progress = detector_training.resume(tmp_path)
    assert progress.step == 0
    progress.step, progress.seconds, progress.minings = 12, 34.5, 1
    progress.negatives = [Spot(2, (3, 4, 5))]
    detector_training.save(tmp_path, model, progress)
    again, found = detector_training.resume(tmp_path)
    assert found == progress
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    progress.step = 13
    detector_training.save(tmp_path, model, progress)
    assert len(list((tmp_path / "state").glob("*.npz"))) == 1


def test_learning_rate_warms_up_and_falls():
    rates = [detector_training.learning_rate(share) for share in (0, 0.02, 0.5, 1)]
    assert rates[0] < rates[1] > rates[2] > rates[3] > 0


def test_detecting_does_not_load_tensorflow():
    code = (
        "import sys, lungcore.learning.detect, lungcore.learning.train;"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
