import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from lungcore.errors import LungcoreError
from lungcore.learning import (
    checkpoints,
    classifier_training,
    curves,
    detector_training,
    networks,
    plans,
    train,
)
from lungcore.learning.loop import Loop, learning_rate, optimizer, weighted
from lungcore.learning.plans import Plan
from lungcore.learning.tasks import LUNGS
from lungcore.learning.weights import mark

DETECTOR = Plan(preset="detector", recipe=plans.defaults("detector"))
CLASSIFIER = Plan(preset="classifier", recipe=plans.defaults("classifier"))


@pytest.mark.parametrize("plan", [DETECTOR, CLASSIFIER])
def test_absent_data_is_named(tmp_path, plan):
    with pytest.raises(LungcoreError, match=r"\.csv"):
        train.train(replace(plan, data=str(tmp_path)), tmp_path, tmp_path / "out")


def test_training_goes_on_where_it_was(tmp_path):
    model = detector_training.compiled(DETECTOR)
    began = Loop(model, tmp_path, DETECTOR.recipe)
    progress = began.begin()
    assert progress.step == 0
    progress.step, progress.seconds = 12, 34.5
    progress.notes = {"minings": 1, "negatives": [{"background": 2, "position": [3, 4, 5]}]}
    began.save(progress)
    for step in range(1, 16):
        curves.append(tmp_path, {"step": step, "loss": 1.0})
    again = Loop(detector_training.compiled(DETECTOR), tmp_path, DETECTOR.recipe)
    assert again.begin() == progress
    assert [line["step"] for line in curves.read(tmp_path)] == list(range(1, 13))
    for one, other in zip(model.get_weights(), again.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    progress.step = 13
    began.save(progress)
    assert len(list((tmp_path / "state").glob("*.npz"))) == 1


def test_a_line_that_a_kill_cut_short_is_passed_over(tmp_path):
    curves.append(tmp_path, {"step": 1, "loss": 1.0})
    with (tmp_path / curves.FILE).open("a") as file:
        file.write('{"step": 2, "lo')
    assert curves.read(tmp_path) == [{"step": 1, "loss": 1.0}]
    curves.cut(tmp_path, 1)
    curves.append(tmp_path, {"step": 2, "loss": 0.5})
    assert [line["step"] for line in curves.read(tmp_path)] == [1, 2]


@pytest.mark.parametrize("plan", [DETECTOR, CLASSIFIER])
def test_learning_rate_warms_up_and_falls(plan):
    rates = [learning_rate(share, plan.recipe) for share in (0, plan.recipe.warm_up, 0.5, 1)]
    assert 0 < rates[0] < rates[1] == plan.recipe.learning_rate > rates[2] > rates[3]
    assert rates[3] == pytest.approx(plan.recipe.floor * plan.recipe.learning_rate)


@pytest.mark.parametrize("preset", plans.PRESETS)
def test_a_plan_comes_back_from_its_file(tmp_path, preset):
    recipe = replace(plans.defaults(preset), thaw=(1, 2), optimizer="sgd")
    plan = Plan(preset=preset, recipe=recipe, data="here", dataset="abc")
    plans.write(tmp_path, plan)
    assert plans.read(tmp_path) == plan


@pytest.mark.parametrize(
    ("name", "value"),
    [("optimizer", "lion"), ("loss", "mse"), ("epochs", 0), ("learning_rate", -1), ("thaw", ())],
)
def test_a_recipe_that_cannot_be_is_named(name, value):
    with pytest.raises(LungcoreError, match=name):
        replace(plans.defaults("detector"), **{name: value})


def test_fine_tuning_begins_with_the_parent_and_thaws_what_was_chosen(tmp_path):
    parent = networks.detector(LUNGS)
    parent.save(tmp_path / "model.keras")
    recipe = replace(DETECTOR.recipe, thaw=(47, 48))
    model = detector_training.compiled(replace(DETECTOR, parent=str(tmp_path), recipe=recipe))
    for one, other in zip(model.get_weights(), parent.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    thawed = [layer.name for layer in weighted(model) if layer.trainable]
    assert thawed == ["offset", "log_diameter"]
    other = replace(LUNGS, detector=replace(LUNGS.detector, widths=(8, 8, 8)))
    with pytest.raises(LungcoreError) as refused:
        detector_training.compiled(replace(DETECTOR, task=other, parent=str(tmp_path)))
    assert refused.value.key == "learning.parent_differs"


@pytest.mark.parametrize("name", plans.OPTIMIZERS)
def test_every_optimizer_can_be_asked_for(name):
    found = optimizer(replace(DETECTOR.recipe, optimizer=name))
    assert type(found).__name__.lower() == name
    assert float(found.learning_rate) == pytest.approx(DETECTOR.recipe.learning_rate)


def test_a_training_ends_when_it_is_asked_to_and_when_nothing_gets_better(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    recipe = replace(DETECTOR.recipe, epochs=50, epoch_steps=2, patience=3)
    batch = np.zeros((4, 2)), np.zeros((4, 1))
    asked = Loop(model, tmp_path / "asked", recipe, lambda: False)
    assert not asked.run(asked.begin(), lambda progress: batch, [batch])
    still = Loop(model, tmp_path / "still", recipe)
    progress = still.begin()
    assert still.run(progress, lambda progress: batch, [batch])
    assert progress.step == progress.best_step + 2 * 3 + 1 or progress.step < recipe.steps


def test_a_training_that_goes_astray_says_so(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    odd = np.full((4, 2), np.nan), np.zeros((4, 1))
    astray = Loop(model, tmp_path, replace(DETECTOR.recipe, epochs=2, epoch_steps=2))
    with pytest.raises(LungcoreError, match="step 2"):
        astray.run(astray.begin(), lambda progress: odd, [odd])


def test_a_member_is_restored_as_it_was_kept(tmp_path):
    member, trained = classifier_training._member(CLASSIFIER, 0)
    checkpoints.save(tmp_path / "state", trained, {"step": 3})
    again = classifier_training._restored(CLASSIFIER, tmp_path)
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


def test_the_same_seed_begins_with_the_same_weights():
    def begin(seed):
        keras.utils.set_random_seed(seed)
        return detector_training.compiled(DETECTOR).get_weights()

    for one, other in zip(begin(1), begin(1), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((one != other).any() for one, other in zip(begin(1), begin(2), strict=True))


def test_detecting_does_not_load_tensorflow():
    code = (
        "import sys, lungcore.learning.detect, lungcore.cli.parser;"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_weights_are_put_in_place_whole(tmp_path, monkeypatch):
    """A card is no sign of the end: the classifier's is there before it is calibrated."""
    plans.write(tmp_path, DETECTOR)

    def cut_short(_plan, _folder, out):
        out.mkdir(exist_ok=True)
        (out / "card.json").write_text("{}")
        raise LungcoreError("learning.data_absent", path="here")

    monkeypatch.setattr(train, "train", cut_short)
    assert train.main(tmp_path, measure=False) == train.FAILED
    assert not (tmp_path / "weights").exists()
    monkeypatch.setattr(train, "train", lambda *_: True)
    assert train.main(tmp_path, measure=False) == train.DONE
    assert [path.name for path in (tmp_path / "weights").iterdir()] == ["card.json"]


def test_what_the_parent_knows_the_child_knows(tmp_path, monkeypatch):
    monkeypatch.setattr(train, "read_card", lambda _: SimpleNamespace(trained_series=("p",)))
    alone = train._marks(DETECTOR, ["1.2"])
    assert alone == (mark("1.2"),)
    grown = train._marks(replace(DETECTOR, parent=str(tmp_path)), ["1.2", "1.2"])
    assert set(grown) == {"p", mark("1.2")}
