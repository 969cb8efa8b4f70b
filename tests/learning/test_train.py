import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from lungcore.errors import LungcoreError
from lungcore.learning import checkpoints, classifier_training, detector_training, train
from lungcore.learning.patches import Spot
from lungcore.learning.tasks import LUNGS


@pytest.mark.parametrize("train_preset", [train.train_detector, train.train_classifier])
def test_absent_data_is_named(tmp_path, train_preset):
    with pytest.raises(LungcoreError, match=r"\.csv"):
        train_preset(LUNGS, tmp_path, tmp_path / "out", 1, 7)


def test_training_goes_on_where_it_was(tmp_path):
    model, progress = detector_training.resume(LUNGS, tmp_path)
    assert progress.step == 0
    progress.step, progress.seconds, progress.minings = 12, 34.5, 1
    progress.negatives = [Spot(2, (3, 4, 5))]
    detector_training.save(tmp_path, model, progress)
    again, found = detector_training.resume(LUNGS, tmp_path)
    assert found == progress
    for one, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    progress.step = 13
    detector_training.save(tmp_path, model, progress)
    assert len(list((tmp_path / "state").glob("*.npz"))) == 1


def test_learning_rate_warms_up_and_falls():
    rates = [detector_training.learning_rate(share) for share in (0, 0.02, 0.5, 1)]
    assert rates[0] < rates[1] > rates[2] > rates[3] > 0


def test_a_member_is_restored_as_it_was_kept(tmp_path):
    member, trained = classifier_training._member(LUNGS)
    checkpoints.save(tmp_path / "state", trained, {"step": 3})
    again = classifier_training._restored(LUNGS, tmp_path)
    for one, other in zip(member.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_only_the_members_processes_are_kept_to_one_core(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    before = dict(os.environ)
    with pytest.raises(KeyboardInterrupt), classifier_training._side_by_side():
        assert os.environ["OMP_NUM_THREADS"] == os.environ["TF_NUM_INTRAOP_THREADS"] == "1"
        raise KeyboardInterrupt
    assert dict(os.environ) == before


def test_batches_are_drawn_without_keras():
    code = (
        "import sys, lungcore.learning.detector_batches;"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_same_seed_begins_with_the_same_weights(tmp_path):
    def begin(seed):
        keras.utils.set_random_seed(seed)
        return detector_training.resume(LUNGS, tmp_path)[0].get_weights()

    for one, other in zip(begin(1), begin(1), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((one != other).any() for one, other in zip(begin(1), begin(2), strict=True))


def test_member_learning_rate_warms_up_and_falls_to_nothing():
    rates = [classifier_training.learning_rate(share) for share in (0, 0.05, 0.5, 1)]
    assert rates[0] < rates[1] > rates[2] > rates[3] == 0


def test_detecting_does_not_load_tensorflow():
    code = (
        "import sys, lungcore.learning.detect, lungcore.cli.parser;"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
