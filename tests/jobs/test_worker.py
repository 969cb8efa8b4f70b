"""Jobs in a real worker process: done, failed, cancelled, tried again, and killed half-way."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from numcodecs import zstd

from lungcore.errors import LungcoreError
from lungcore.jobs.executors import only_worker
from lungcore.records import database, detections, executors, studies
from lungcore.records.layers import LayerStore


@pytest.fixture
def latest(settings, series_uid):
    """Reads the series' latest detection."""
    engine = database.connect(settings.database_url)

    def read():
        with database.snapshot(engine) as session:
            return detections.latest(session, series_uid)

    yield read
    engine.dispose()


def test_a_detection_goes_from_queued_to_findings_on_record(
    settings, client, series_uid, start_worker, detector, latest, wait_until
):
    job_id = client.enqueue_detect(series_uid, None)
    status = client.status(job_id)
    assert (status.kind, status.state, status.step) == ("detect", "queued", "jobs.step_queued")

    start_worker()
    wait_until(lambda: client.status(job_id).fraction == 0.25)
    assert client.status(job_id).state == "running"
    detector.order("finish")
    wait_until(lambda: client.status(job_id).ended)

    assert client.status(job_id).state == "done"
    assert (latest().state, latest().models) == ("done", {"fake": "1"})
    with database.snapshot(database.connect(settings.database_url)) as session:
        record = studies.series(session, series_uid)
        [layer] = studies.known_files(session).layers
    assert zstd.decompress(LayerStore(settings.storage).coded(layer)) == bytes([1] * 6)
    assert (record.state, record.findings, record.malignancy) == ("ready", 1, 0.5)


def test_a_worker_killed_half_way_goes_on_at_its_next_start(
    settings, client, series_uid, start_worker, detector, latest, wait_until
):
    worker = start_worker()
    job_id = client.enqueue_detect(series_uid, None)
    wait_until(lambda: detector.starts == 1)
    worker.kill()
    worker.wait()
    assert client.status(job_id).state == "running"
    assert latest().state == "running"

    detector.order("finish")
    start_worker()
    wait_until(lambda: client.status(job_id).state == "done")

    assert detector.starts == 2
    assert latest().state == "done"
    with database.snapshot(database.connect(settings.database_url)) as session:
        assert studies.series(session, series_uid).findings == 1


def test_a_job_that_kills_its_worker_every_time_ends_as_failed(
    client, series_uid, start_worker, detector, latest, wait_until
):
    detector.order("die")
    job_id = client.enqueue_detect(series_uid, None)
    for _ in range(3):
        assert start_worker().wait(120) == 9
    start_worker()
    wait_until(lambda: client.status(job_id).ended)
    assert client.status(job_id).error[0] == "jobs.killed_worker"
    assert detector.starts == 3

    detector.withdraw("die")
    detector.order("finish")
    again = client.retry(job_id)
    wait_until(lambda: client.status(again).ended)
    assert client.status(again).state == "done"
    assert latest().job_id == again


def test_cancel_stops_a_running_detection(
    client, series_uid, start_worker, detector, latest, wait_until
):
    start_worker()
    job_id = client.enqueue_detect(series_uid, None)
    wait_until(lambda: detector.starts == 1)

    client.cancel(job_id)

    assert client.status(job_id).state == "cancelled"
    assert latest().state == "cancelled"
    wait_until(lambda: detector.stopped)
    detector.order("finish")
    again = client.retry(job_id)
    wait_until(lambda: client.status(again).ended)
    assert (latest().job_id, latest().state) == (again, "done")
    assert client.status(job_id).state == "cancelled"


def test_a_failed_detection_tells_its_reason_and_can_be_tried_again(
    client, series_uid, start_worker, detector, latest, wait_until
):
    start_worker()
    job_id = client.enqueue_detect(series_uid, None)
    reasons = {
        "fail": ("records.series_unknown", "9.9"),
        "break": ("jobs.unexpected", "ZeroDivisionError"),
    }
    for order, (key, named) in reasons.items():
        detector.order(order)
        wait_until(partial(_ended, client, job_id))
        status = client.status(job_id)
        assert status.state == latest().state == "failed"
        assert status.error == latest().error
        assert status.error[0] == key
        assert named in LungcoreError(status.error[0], **status.error[1]).text("zh")
        detector.withdraw(order)
        job_id = client.retry(job_id)
        assert latest().job_id == job_id

    detector.order("finish")
    wait_until(lambda: client.status(job_id).ended)
    assert client.status(job_id).state == latest().state == "done"


def test_a_home_has_one_worker_at_a_time(settings, start_worker, wait_until):
    first = start_worker()
    wait_until(lambda: _seen(settings) is not None)
    second = start_worker()
    assert second.wait(120) not in (0, None)
    assert first.poll() is None
    first.kill()
    first.wait()
    identity = (settings.home / "worker.lock").read_text()
    with only_worker(settings.home, wait=False) as executor_id:
        assert executor_id == identity


def test_a_survivor_takes_over_the_jobs_of_a_dead_worker(
    settings, client, series_uid, start_worker, detector, latest, wait_until
):
    worker = start_worker()
    job_id = client.enqueue_detect(series_uid, None)
    wait_until(lambda: detector.starts == 1)
    worker.kill()
    worker.wait()
    # As a worker of another machine, that never comes back, would have left it.
    dead = (settings.home / "worker.lock").read_text()
    (settings.home / "worker.lock").unlink()
    with database.transaction(database.connect(settings.database_url)) as session:
        executors.beat(session, dead, datetime.now(UTC) - timedelta(seconds=100))

    detector.order("finish")
    start_worker()
    wait_until(lambda: client.status(job_id).state == "done")

    assert latest().state == "done"
    with database.snapshot(database.connect(settings.database_url)) as session:
        assert executors.silent_since(session, datetime.now(UTC) - timedelta(seconds=90)) == []


def test_detections_that_nobody_runs_are_put_right_at_the_start(
    settings, client, series_uid, start_worker, latest, wait_until
):
    with database.transaction(database.connect(settings.database_url)) as session:
        detections.start(session, series_uid, "a-job-that-never-was", None)
    start_worker()
    wait_until(lambda: latest().state == "failed")
    assert latest().error[0] == "jobs.unknown"


def _ended(client, job_id):
    return client.status(job_id).ended


def _seen(settings):
    with database.snapshot(database.connect(settings.database_url)) as session:
        return executors.last_seen(session)
