"""What a worker that is killed again and again leaves: every job right, and once.

    python -m benchmarks.killing [--kills 20] [--steps 60]

A real worker trains a small detector on phantoms and detects in one; it is ended by SIGKILL at
random moments of both and started again, `--kills` times in all. Told are the moments, and for each
job whether it ended once and right: one model a training, whole in its store, its curve with each
step once and as close to an undisturbed one as two undisturbed ones are to each other; one set of
findings a detection, the same each time.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sqlalchemy import Engine

from benchmarks.measuring import ROOT
from lungcore.jobs import models, training
from lungcore.jobs.client import JobsClient
from lungcore.records import database, detections, readings, trainings
from lungcore.records import models as registry
from lungcore.records.accounts import add_account
from lungcore.settings import Settings, load
from tests.jobs.phantoms import frozen, tiny_plan

LONGEST_S = 1800.0


class Worker:
    """A worker process that can be killed and started anew."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.start()

    def start(self) -> None:
        """Start it."""
        log = (self._home / "killing.log").open("ab")
        environment = os.environ | {"LUNGCORE_HOME": str(self._home)}
        command = [sys.executable, "-m", "lungcore", "worker"]
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def kill(self) -> None:
        """End it without a word."""
        self._process.kill()
        self._process.wait()


def wait_until(condition: Callable[[], bool]) -> None:
    """Ask again and again; TimeoutError when it does not come to hold."""
    end = time.monotonic() + LONGEST_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("what was waited for did not come")
        time.sleep(0.02)


def losses(settings: Settings, training_id: str) -> list[float]:
    """The loss of each step; AssertionError unless each step is there once."""
    lines = [line for line in training.curve(settings, training_id) if "loss" in line]
    assert [line["step"] for line in lines] == list(range(1, len(lines) + 1))
    return [line["loss"] for line in lines]


def state(engine: Engine, training_id: str) -> trainings.TrainingRecord:
    """The training as it stands."""
    with database.snapshot(engine) as session:
        return trainings.find(session, training_id)


def found(engine: Engine, series_uid: str, account_id: int) -> list[tuple]:
    """What the latest detection reports."""
    with database.transaction(engine) as session:
        reading = readings.open_reading(session, series_uid, account_id)
        return [(f.center_mm, round(f.probability or 0, 4)) for f in reading.state.findings]


def train(settings: Settings, client: JobsClient, engine: Engine, plan: dict, kill: "Kill") -> str:
    """A training, disturbed by `kill`; returns its id once it has ended."""
    training_id = client.enqueue_training(plan, None)
    kill.through(lambda: state(engine, training_id).state != "running")
    told = state(engine, training_id)
    assert told.state == "done", told.error
    return training_id


class Kill:
    """Ends the worker at random moments, until there are enough."""

    def __init__(self, worker: Worker, rng: random.Random, longest_s: float) -> None:
        self._worker, self._rng, self._longest_s = worker, rng, longest_s
        self.left = 0
        self.moments: list[float] = []

    def through(self, ended: Callable[[], bool]) -> None:
        """Until the job has ended, kill and start again while there are kills left."""
        while self.left > 0 and not ended():
            wait_s = self._rng.uniform(0.3, self._longest_s)
            end = time.monotonic() + wait_s
            while time.monotonic() < end and not ended():
                time.sleep(0.02)
            if ended():
                break
            self._worker.kill()
            self._worker.start()
            self.left -= 1
            self.moments.append(wait_s)
        wait_until(ended)


def main() -> None:
    """Disturb trainings and detections, and compare with undisturbed ones."""
    arguments = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    arguments.add_argument("--kills", type=int, default=20)
    arguments.add_argument("--steps", type=int, default=60)
    arguments.add_argument("--seed", type=int, default=5)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = load({"LUNGCORE_HOME": str(Path(folder) / "home")})
        database.migrate(settings.database_url)
        measure(settings, Path(folder), given)


def measure(settings: Settings, folder: Path, given: argparse.Namespace) -> None:
    """All of it, on a home of its own."""
    dataset, test = frozen(settings, folder)
    client, engine = JobsClient(settings), database.connect(settings.database_url)
    with database.transaction(engine) as session:
        account = add_account(session, "reader", "a long passphrase").account_id
    worker = Worker(settings.home)
    kill = Kill(worker, random.Random(given.seed), 25.0)
    try:
        plan = tiny_plan(dataset, given.steps, save_every_s=1.0)
        calm = [losses(settings, train(settings, client, engine, plan, kill)) for _ in range(2)]
        noise = float(np.abs(np.subtract(*calm)).max())
        print(f"two undisturbed trainings differ by {noise:.2g} at most", flush=True)
        half, rounds = given.kills // 2, 0
        kill.left = half
        while kill.left > 0:
            own = losses(settings, train(settings, client, engine, plan, kill))
            away = float(np.abs(np.subtract(own, calm[0])).max())
            rounds += 1
            print(f"  training {rounds}: {len(kill.moments)} kills so far, differs by {away:.2g}")
        count = check_models(settings, engine)
        print(f"{rounds} trainings, {len(kill.moments)} kills: {count} models, all whole")
        detect(client, engine, test, account, kill, given.kills - half)
    finally:
        worker.kill()
        client.close()
        engine.dispose()


def check_models(settings: Settings, engine: Engine) -> int:
    """Every trained model is whole, there is one a training, and nothing half-written."""
    with database.snapshot(engine) as session:
        made = [one for one in registry.list_models(session) if one.origin == "trained"]
        done = [one for one in trainings.list_trainings(session) if one.state == "done"]
    assert sorted(one.model for one in done) == sorted(one.name for one in made)
    for one in made:
        models.folder_of(settings, one)
    assert not list((settings.storage / "models").glob("incoming-*"))
    return len(made)


def detect(
    client: JobsClient, engine: Engine, series_uid: str, account: int, kill: Kill, kills: int
) -> None:
    """Detections in one series, disturbed; each ends once, with the same findings."""
    first = client.enqueue_detect(series_uid, account)
    wait_until(lambda: client.status(first).ended)
    calm, before, rounds, failed = found(engine, series_uid, account), len(kill.moments), 0, 0
    kill.left, kill._longest_s = kills, 8.0
    while kill.left > 0:
        job = client.enqueue_detect(series_uid, account)
        kill.through(lambda job=job: client.status(job).ended)
        rounds += 1
        if client.status(job).state != "done":  # a third kill in one job gives it up, as told
            failed += 1
            continue
        with database.snapshot(engine) as session:
            latest = detections.latest(session, series_uid)
        assert latest is not None and (latest.job_id, latest.state) == (job, "done")
        assert found(engine, series_uid, account) == calm
    kills = len(kill.moments) - before
    print(
        f"{rounds} detections, {kills} kills: {rounds - failed} ended right and once, "
        f"{failed} given up after three kills of their worker; {len(calm)} findings each"
    )


if __name__ == "__main__":
    main()
