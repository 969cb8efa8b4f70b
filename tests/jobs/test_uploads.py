"""From an upload to stored series, and what is left of it."""

import os
import shutil
import time

import pytest

from lungcore.errors import LungcoreError
from lungcore.jobs import uploads, worker
from lungcore.records import database, studies


@pytest.fixture
def upload(settings):
    """Makes an upload's folder as the web leaves it."""

    def make(upload_id="upload-1", *, done=True):
        folder = settings.uploads / upload_id
        (folder / "files").mkdir(parents=True)
        if done:
            (folder / "done").touch()
        return folder

    return make


def test_an_upload_becomes_series_that_are_detected_in(
    shared, settings, client, upload, start_worker, detector, wait_until
):
    folder = upload()
    shutil.copytree(shared / "lidc_scans/LIDC-IDRI-0003_slab11", folder / "files" / "CT")
    detector.order("finish")
    start_worker()
    job_id = client.enqueue_import("upload-1", None)
    wait_until(lambda: client.status(job_id).ended)

    status = client.status(job_id)
    assert (status.kind, status.state) == ("import", "done")
    [series] = status.result["series"]
    assert (series["verdict"], series["slices"], series["new"]) == ("warn", 11, True)
    assert [problem["file"] for problem in status.result["files"]] == ["CT/72.xml"]
    assert not folder.exists()
    uid = series["series_uid"]
    wait_until(lambda: client.status(status.result["detections"][uid]).ended)
    with database.snapshot(database.connect(settings.database_url)) as session:
        assert studies.series(session, uid).state == "ready"

    again = upload("upload-2")
    shutil.copytree(shared / "lidc_scans/LIDC-IDRI-0003_slab11", again / "files" / "CT")
    second = client.enqueue_import("upload-2", None)
    wait_until(lambda: client.status(second).ended)
    assert client.status(second).result["series"][0]["new"] is False
    assert client.status(second).result["detections"] == {}


def test_an_interrupted_import_still_starts_its_detection(settings, client, series_uid):
    # Done again after the series was stored: it is not new, and was never detected in.
    report = {"series": [{"series_uid": series_uid, "verdict": "warn", "new": False}]}
    jobs = uploads.detect_new(client, report, None)
    assert client.status(jobs[series_uid]).state == "queued"
    assert uploads.detect_new(client, report, None) == {}


def test_a_refused_series_is_not_detected_in(client):
    report = {"series": [{"series_uid": "1.2.9", "verdict": "refuse", "new": True}]}
    assert uploads.detect_new(client, report, None) == {}


def test_only_uploads_that_were_given_up_are_removed(settings, upload):
    old = time.time() - uploads.KEPT_SECONDS - 60
    for name in ("given-up", "waited-for", "fresh"):
        folder = upload(name)
        if name != "fresh":
            for path in (folder / "files", folder / "done", folder):
                os.utime(path, (old, old))
    uploads.clean(settings, {"waited-for"})
    assert sorted(path.name for path in settings.uploads.iterdir()) == ["fresh", "waited-for"]


def test_cleaning_before_any_upload_does_nothing(settings):
    uploads.clean(settings, set())


def test_an_import_whose_worker_is_killed_goes_on_and_leaves_nothing_behind(
    shared, settings, client, upload, start_worker, wait_until
):
    folder = upload()
    shutil.copytree(shared / "lidc_scans/LIDC-IDRI-0001/dicom", folder / "files" / "CT")
    worker = start_worker()
    job_id = client.enqueue_import("upload-1", None)
    wait_until(lambda: client.status(job_id).fraction > 0.6)
    worker.kill()
    worker.wait()
    start_worker()
    wait_until(lambda: client.status(job_id).ended)

    [series] = client.status(job_id).result["series"]
    assert (series["verdict"], series["slices"]) == ("accept", 133)
    with database.snapshot(database.connect(settings.database_url)) as session:
        known = studies.known_files(session)
    originals = {path.name for path in settings.storage.glob("originals/*/*")}
    assert originals == known.sha256s
    assert len(originals) == 133
    assert not list(settings.storage.glob("importing-*"))
    assert not folder.exists()


def test_an_upload_that_did_not_finish_is_not_imported(settings, upload):
    folder = upload(done=False)
    with pytest.raises(LungcoreError, match="did not finish"):
        uploads.import_upload(
            settings, "upload-1", progress=lambda step, share: None, stop=lambda: False
        )
    assert folder.exists()


class Idle:
    """An executor and a client that have nothing to do."""

    def beat(self):
        pass

    settle_detections = settle_trainings = beat

    def uploads_waiting(self):
        return set()


def test_a_worker_that_runs_for_long_removes_what_is_given_up_meanwhile(settings):
    folder = settings.uploads / "left"
    folder.mkdir(parents=True)
    old = time.time() - uploads.KEPT_SECONDS - 60
    os.utime(folder, (old, old))
    worker._look_after(settings, Idle(), Idle())
    assert not folder.exists()
