"""The loop closed: label, freeze, train, compare, promote, detect anew, roll back; killed."""

import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lungcore.errors import LungcoreError
from lungcore.jobs import models, probing, training
from lungcore.learning import compare, plans
from lungcore.learning.plans import Plan
from lungcore.records import (
    accounts,
    audit,
    comparisons,
    database,
    detections,
    trainings,
    watching,
)
from lungcore.records import models as registry
from tests.jobs.phantoms import TINY, frozen, tiny_plan

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def engine(settings):
    opened = database.connect(settings.database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def frozen_phantoms(settings, tmp_path):
    return frozen(settings, tmp_path)


@pytest.fixture
def dataset(frozen_phantoms):
    return frozen_phantoms[0]


@pytest.fixture
def test_case(frozen_phantoms):
    return frozen_phantoms[1]


@pytest.fixture
def real_worker(settings, monkeypatch):
    """Starts workers with the shipped detector."""
    started = []

    def start():
        monkeypatch.setenv("LUNGCORE_HOME", str(settings.home))
        worker = subprocess.Popen([sys.executable, "-m", "lungcore", "worker"], cwd=ROOT)
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def state_of(engine, training_id):
    with database.snapshot(engine) as session:
        return trainings.find(session, training_id)


def test_label_freeze_train_compare_promote_detect_roll_back(
    settings, client, engine, dataset, test_case, real_worker, wait_until
):
    with database.transaction(engine) as session:
        owner, second = (
            accounts.add_account(session, name, "a long passphrase", roles=[role]).account_id
            for name, role in (("owner", "model_owner"), ("admin", "administrator"))
        )
    real_worker()
    before = client.enqueue_detect(test_case, owner)
    training_id = client.enqueue_training(tiny_plan(dataset), owner)
    wait_until(lambda: client.status(before).ended)
    wait_until(lambda: state_of(engine, training_id).state != "running")
    done = state_of(engine, training_id)
    assert (done.state, done.error) == ("done", None)
    steps = [line["step"] for line in training.curve(settings, training_id) if "loss" in line]
    assert steps == list(range(1, 41))

    with database.snapshot(engine) as session:
        candidate = registry.find(session, done.model)
        present = registry.in_use(session)["detector"]
    assert (candidate.stage, candidate.origin, present.origin) == ("candidate", "trained", "house")
    assert candidate.probe["ok"]
    assert candidate.card["dataset"] == dataset
    assert candidate.card["inputs"]["slice_mm"][0] == 5.0

    compared = client.enqueue_comparison(done.model, dataset, owner)
    wait_until(lambda: client.status(compared).ended)
    assert client.status(compared).state == "done"
    with database.snapshot(engine) as session:
        [comparison] = comparisons.of_model(session, done.model)
    assert (comparison.look, comparison.against) == (1, present.name)
    assert comparison.result["nodules"] >= 4

    failed = compare.failed_checks(comparison.result, candidate.probe)
    assert "not_worse" in failed  # forty steps are no training
    with database.transaction(engine) as session, pytest.raises(LungcoreError):
        registry.promote(session, done.model, account_id=owner, reason="try", failed=failed)
    with database.transaction(engine) as session:
        registry.promote(
            session, done.model, account_id=owner, reason="try", failed=failed, second_id=second
        )

    after = client.enqueue_detect(test_case, owner)
    wait_until(lambda: client.status(after).ended)
    with database.snapshot(engine) as session:
        latest = detections.latest(session, test_case)
        seen = {one.model: one for one in watching.inputs(session)}
    assert (latest.state, latest.models["detector"]) == ("done", done.model)
    assert set(seen) == {present.name, done.model}

    with database.transaction(engine) as session:
        back = registry.roll_back(session, done.model, account_id=owner, reason="it was a try")
    assert back == present.name
    again = client.enqueue_detect(test_case, owner)
    wait_until(lambda: client.status(again).ended)
    with database.snapshot(engine) as session:
        assert detections.latest(session, test_case).models["detector"] == back
        audit.verify(session)


def test_a_training_killed_at_random_moments_ends_right_and_once(
    settings, client, engine, dataset, real_worker, wait_until
):
    rng = random.Random(3)
    undisturbed = client.enqueue_training(tiny_plan(dataset, steps=30), None)
    worker = real_worker()
    wait_until(lambda: state_of(engine, undisturbed).state != "running")
    killed = client.enqueue_training(tiny_plan(dataset, steps=30), None)
    for _ in range(3):
        seen = len(training.curve(settings, killed))
        wait_until(lambda seen=seen: len(training.curve(settings, killed)) > seen)
        time.sleep(rng.uniform(0, 0.4))  # a moment that nothing marks
        worker.kill()
        worker.wait()
        worker = real_worker()
    wait_until(lambda: state_of(engine, killed).state != "running")
    assert state_of(engine, killed).state == "done"

    own, other = (
        {line["step"]: line["loss"] for line in training.curve(settings, one) if "loss" in line}
        for one in (undisturbed, killed)
    )
    lines = [line["step"] for line in training.curve(settings, killed) if "loss" in line]
    assert lines == list(range(1, 31))
    assert other == own  # to the last digit
    with database.snapshot(engine) as session:
        made = [one for one in registry.list_models(session) if one.origin == "trained"]
        assert len(made) == 2
    for model in made:
        models.folder_of(settings, model)
    assert not list((settings.storage / "models").glob("incoming-*"))


def test_pause_resume_and_cancel(settings, client, engine, dataset, real_worker, wait_until):
    real_worker()
    training_id = client.enqueue_training(tiny_plan(dataset, steps=200), None)
    wait_until(lambda: len(training.curve(settings, training_id)) > 5)
    client.pause_training(training_id, None)
    paused_job = state_of(engine, training_id).job_id
    checkpoint = training.folder(settings, training_id) / "state" / "progress.json"
    wait_until(checkpoint.exists)
    assert state_of(engine, training_id).state == "paused"
    with pytest.raises(LungcoreError):
        client.pause_training("unknown", None)

    client.resume_training(training_id, None)
    assert state_of(engine, training_id).job_id != paused_job
    seen = len(training.curve(settings, training_id))
    wait_until(lambda: len(training.curve(settings, training_id)) > seen + 3)
    client.cancel_training(training_id, None)
    assert state_of(engine, training_id).state == "cancelled"
    with pytest.raises(LungcoreError, match="ended"):
        client.pause_training(training_id, None)
    with database.snapshot(engine) as session:
        assert {one.origin for one in registry.list_models(session)} == {"house"}


def test_a_training_paused_while_it_is_tried_keeps_its_weights(
    settings, client, engine, dataset, monkeypatch
):
    training_id = client.enqueue_training(tiny_plan(dataset), None)
    weights = training.folder(settings, training_id) / "weights"
    weights.mkdir(parents=True)
    monkeypatch.setattr(models, "register", lambda *_: "registered")

    def conclude(probe):
        monkeypatch.setattr(probing, "probe", probe)
        job_id = state_of(engine, training_id).job_id
        return training.conclude(settings, training_id, job_id, lambda *_: None)

    conclude(lambda *_: client.pause_training(training_id, None))
    assert state_of(engine, training_id).state == "paused"
    assert weights.is_dir(), "who resumes it does not train anew"
    client.resume_training(training_id, None)
    assert conclude(lambda *_: None) == "registered"
    assert (state_of(engine, training_id).state, weights.exists()) == ("done", False)


def test_what_a_cancelled_training_worked_on_is_removed(settings, client, engine, dataset):
    training_id = client.enqueue_training(tiny_plan(dataset), None)
    data = training.folder(settings, training_id) / "data"
    data.mkdir(parents=True)
    client.pause_training(training_id, None)
    assert data.is_dir()
    client.cancel_training(training_id, None)
    assert not data.exists()


def test_the_command_refuses_a_folder_of_another_training(settings, dataset, tmp_path):
    plan = plans.of_json(tiny_plan(dataset))
    place = tmp_path / "here"
    place.mkdir()
    plans.write(place, training.prepared(settings, plan, place.name))
    other = replace(plan, recipe=replace(plan.recipe, seed=plan.recipe.seed + 1))
    with pytest.raises(LungcoreError) as refused:
        training.train_here(settings, other, place)
    assert refused.value.key == "models.other_training"


def test_a_plan_that_cannot_be_is_refused_at_once(settings, client, dataset, tmp_path):
    good = tiny_plan(dataset)
    wrong = {
        "datasets.unknown": good | {"dataset": "0" * 64},
        "models.unknown": good | {"parent_name": "none"},
        "models.thaw_needs_parent": good | {"recipe": good["recipe"] | {"thaw": [0]}},
        "learning.recipe_value": good | {"recipe": good["recipe"] | {"optimizer": "lion"}},
        "learning.data_absent": plans.as_json(
            Plan(preset="seed_cnn", task=TINY, images=str(tmp_path / "no.npy"))
        ),
    }
    for key, plan in wrong.items():
        with pytest.raises(LungcoreError) as refused:
            client.enqueue_training(plan, None)
        assert refused.value.key == key


def test_a_failed_training_tells_why_and_may_be_tried_again(
    settings, client, engine, dataset, real_worker, wait_until
):
    plan = tiny_plan(dataset, steps=20)
    odd = replace(TINY, patches=((2, 32), (1, 96)))
    training_id = client.enqueue_training(
        plan | {"task": plans.as_json(Plan(preset="detector", task=odd))["task"]}, None
    )
    real_worker()
    wait_until(lambda: state_of(engine, training_id).state != "running")
    failed = state_of(engine, training_id)
    assert (failed.state, failed.error[0]) == ("failed", "learning.series_small")
    assert LungcoreError(failed.error[0], **failed.error[1]).text("zh")
    client.resume_training(training_id, None)
    again = state_of(engine, training_id)
    assert again.job_id != failed.job_id
    wait_until(lambda: state_of(engine, training_id).state != "running")
    assert state_of(engine, training_id).error[0] == "learning.series_small"
