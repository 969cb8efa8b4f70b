"""The queue as the web sees it, with no worker about."""

import base64
import pickle
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from lungcore.errors import LungcoreError
from lungcore.jobs.client import JobsClient
from lungcore.jobs.engine import PickleRefusedError
from lungcore.records import database, detections


class Payload:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


@pytest.fixture
def mark(tmp_path):
    """The file that a pickle makes if it is ever read; shows that it would."""
    path = tmp_path / "mark"
    pickle.loads(pickle.dumps(Payload(path)))
    path.unlink()
    return path


def plant(settings, job_id, mark, column, table="workflow_status"):
    """Put a live pickle where the engine keeps JSON."""
    pickled = base64.b64encode(pickle.dumps(Payload(mark))).decode()
    with sqlite3.connect(settings.home / "jobs.db") as connection:
        connection.execute(
            f"UPDATE {table} SET {column} = ?, serialization = 'py_pickle' WHERE workflow_uuid = ?",
            (pickled, job_id),
        )
    connection.close()


def test_a_queued_job_waits_is_cancelled_and_is_tried_again(settings, client, series_uid):
    job_id = client.enqueue_detect(series_uid, None)
    assert client.status(job_id).state == "queued"
    with pytest.raises(LungcoreError, match="nothing to try again"):
        client.retry(job_id)
    client.cancel(job_id)
    assert client.status(job_id).state == "cancelled"
    again = client.retry(job_id)
    assert again != job_id
    assert client.status(again).state == "queued"


def test_a_series_has_one_detection_at_a_time(settings, client, series_uid):
    first = client.enqueue_detect(series_uid, None)
    assert client.enqueue_detect(series_uid, None) == first


def test_a_record_without_its_job_does_not_block_a_new_detection(settings, client, series_uid):
    with database.transaction(database.connect(settings.database_url)) as session:
        detections.start(session, series_uid, "a-job-that-never-was", None)
    job_id = client.enqueue_detect(series_uid, None)
    assert client.status(job_id).state == "queued"


def test_an_unknown_series_leaves_nothing_behind(settings, client):
    with pytest.raises(LungcoreError, match=r"7\.7\.7"):
        client.enqueue_detect("7.7.7", None)
    client.settle_detections()


def test_an_unknown_job_is_said_to_be_unknown(client):
    for act in (client.status, client.cancel, client.retry):
        with pytest.raises(LungcoreError, match="no-such-job"):
            act("no-such-job")


def test_an_upload_cannot_name_another_folder(client):
    for wrong in ("", "..", "../models", "a/b", "a" * 65):
        with pytest.raises(ValueError, match="upload_id"):
            client.enqueue_import(wrong, None)


def test_an_import_is_tried_again_only_while_its_files_are_here(settings, client):
    job_id = client.enqueue_import("upload-1", None)
    assert client.uploads_waiting() == {"upload-1"}
    client.cancel(job_id)
    assert client.uploads_waiting() == set()
    with pytest.raises(LungcoreError, match="Upload them again"):
        client.retry(job_id)
    (settings.uploads / "upload-1").mkdir(parents=True)
    again = client.retry(job_id)
    assert client.status(again).kind == "import"
    assert client.retry(job_id) == again, "asked for twice, it is done once"
    client.cancel(again)
    assert client.retry(again) not in (job_id, again)


def test_jobs_that_ended_long_ago_are_forgotten(settings, client):
    jobs = {age: client.enqueue_phantom(None) for age in ("old", "new", "waiting")}
    client.cancel(jobs["old"])
    client.cancel(jobs["new"])
    with sqlite3.connect(settings.home / "jobs.db") as connection:
        connection.execute(
            "UPDATE workflow_status SET completed_at = completed_at - 31 * 86400000 "
            "WHERE workflow_uuid = ?",
            (jobs["old"],),
        )
    connection.close()
    client.forget_ended()
    with pytest.raises(LungcoreError, match=jobs["old"]):
        client.status(jobs["old"])
    assert client.status(jobs["new"]).state == "cancelled"
    assert client.status(jobs["waiting"]).state == "queued"


@pytest.mark.parametrize("column", ["inputs", "output", "error"])
def test_the_client_never_unpickles_a_job(settings, client, mark, column):
    job_id = client.enqueue_phantom(None)
    client.cancel(job_id)
    plant(settings, job_id, mark, column)
    client.status(job_id)
    client.uploads_waiting()
    assert not mark.exists()


def test_the_client_never_unpickles_progress(settings, client, mark):
    job_id = client.enqueue_phantom(None)
    with sqlite3.connect(settings.home / "jobs.db") as connection:
        connection.execute("UPDATE workflow_status SET status = 'PENDING'")
        connection.execute(
            "INSERT INTO workflow_events (workflow_uuid, key, value) VALUES (?, 'progress', '')",
            (job_id,),
        )
    connection.close()
    plant(settings, job_id, mark, "value", "workflow_events")
    with pytest.raises(PickleRefusedError):
        client.status(job_id)
    assert not mark.exists()


def test_the_worker_never_unpickles_a_job(settings, client, mark, start_worker, wait_until):
    job_id = client.enqueue_phantom(None)
    plant(settings, job_id, mark, "inputs")
    start_worker()
    wait_until(lambda: client.status(job_id).ended)
    assert client.status(job_id).state == "failed"
    assert client.status(job_id).error[0] == "jobs.unexpected"
    assert not mark.exists()


def test_importing_the_client_loads_nothing_heavy_and_launches_nothing():
    code = (
        "import sys, lungcore.jobs.client, lungcore.jobs.embedded, dbos._dbos as engine;"
        "heavy = {'tensorflow', 'keras', 'openvino', 'pydicom', 'SimpleITK', 'cv2'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules);"
        "assert engine._dbos_global_instance is None"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_job_database_is_in_wal_mode_before_any_worker(settings):
    JobsClient(settings).close()
    with sqlite3.connect(settings.home / "jobs.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
