"""The worker beside a web server: started again when it dies, gone when the server is."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lungcore.errors import LungcoreError
from lungcore.jobs import embedded
from lungcore.jobs.embedded import EmbeddedWorker
from lungcore.jobs.executors import only_worker

COMMAND = (sys.executable, str(Path(__file__).with_name("fake_worker.py")), "--embedded")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def embed(settings):
    """Makes embedded workers that are ended with the test."""
    made = []

    def make():
        worker = EmbeddedWorker(settings, COMMAND)
        worker.start()
        made.append(worker)
        return worker

    yield make
    for worker in made:
        worker.stop()


def is_free(home):
    """Whether no worker of the home folder runs."""
    try:
        with only_worker(home, wait=False):
            return True
    except LungcoreError:
        return False


def test_a_worker_that_dies_is_started_again(
    settings, client, series_uid, embed, detector, wait_until
):
    worker = embed()
    detector.order("die")
    job_id = client.enqueue_detect(series_uid, None)
    wait_until(lambda: detector.starts == 1)
    detector.withdraw("die")
    detector.order("finish")
    wait_until(lambda: client.status(job_id).ended)

    assert client.status(job_id).state == "done"
    assert worker.alive()
    worker.stop()
    assert not worker.alive()
    assert is_free(settings.home)
    assert "started in" in (settings.home / "logs" / "worker.log").read_text()


def test_a_start_that_fails_is_tried_again(settings, wait_until, monkeypatch):
    starts = []

    def fail(*_, **__):
        starts.append(1)
        raise OSError("no memory")

    monkeypatch.setattr(subprocess, "Popen", fail)
    monkeypatch.setattr(embedded, "SHORTEST_DELAY_SECONDS", 0.01)
    worker = EmbeddedWorker(settings, COMMAND)
    worker.start()
    wait_until(lambda: len(starts) > 1)
    worker.stop()


def test_a_second_one_stands_by_and_takes_over(
    client, series_uid, embed, detector, wait_until, settings
):
    first = embed()
    wait_until(lambda: not is_free(settings.home))
    second = embed()
    wait_until(second.alive)
    first.stop()
    detector.order("finish")
    job_id = client.enqueue_detect(series_uid, None)
    wait_until(lambda: client.status(job_id).state == "done")
    assert second.alive()


def test_the_worker_ends_when_its_server_is_killed(settings, wait_until):
    code = (
        "import sys; from lungcore.jobs.embedded import EmbeddedWorker;"
        "from lungcore.settings import load;"
        f"EmbeddedWorker(load(), {COMMAND!r}).start(); sys.stdin.read()"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        env={**os.environ, "LUNGCORE_HOME": str(settings.home), "PYTHONPATH": str(ROOT)},
    )
    wait_until(lambda: (settings.home / "worker.lock").exists() and not is_free(settings.home))
    server.kill()
    server.wait()
    wait_until(lambda: is_free(settings.home))


def test_one_that_was_never_started_can_be_stopped(settings):
    worker = EmbeddedWorker(settings, COMMAND)
    worker.stop()
    assert not worker.alive()
