"""The jobs as the engine runs them: named workflows made of steps that may run again.

A step that was interrupted starts again from its beginning, a finished one is not repeated. So
every step can be done twice without harm.
"""

import time
from typing import Any

from dbos import DBOS

from lungcore.jobs import aligning, importing, uploads
from lungcore.jobs.client import JobsClient
from lungcore.jobs.detecting import Detector, detect_series
from lungcore.jobs.engine import PROGRESS_EVENT
from lungcore.jobs.failures import told
from lungcore.settings import Settings

# A job that takes its worker down with it is given up after this many further attempts.
MAX_RECOVERY_ATTEMPTS = 2
STOP_POLL_SECONDS = 0.15
PROGRESS_SECONDS = 0.25


class Progress:
    """Tells the job's step and share done to whoever watches; small changes only now and then."""

    def __init__(self) -> None:
        self._step = ""
        self._next = 0.0

    def __call__(self, step: str, fraction: float) -> None:
        now = time.monotonic()
        if step == self._step and now < self._next:
            return
        self._step, self._next = step, now + PROGRESS_SECONDS
        DBOS.set_event(PROGRESS_EVENT, {"step": step, "fraction": round(float(fraction), 3)})


class StopWhenCancelled:
    """Whether the running job was cancelled; looks at most every STOP_POLL_SECONDS."""

    def __init__(self, client: JobsClient, job_id: str) -> None:
        self._client = client
        self._job_id = job_id
        self._next = 0.0
        self._cancelled = False

    def __call__(self) -> bool:
        if not self._cancelled and time.monotonic() >= self._next:
            self._cancelled = self._client.is_cancelled(self._job_id)
            self._next = time.monotonic() + STOP_POLL_SECONDS
        return self._cancelled


def register_detect(settings: Settings, client: JobsClient, detect: Detector) -> None:
    """Make the detect job known to the engine of this process."""

    @DBOS.step(name="detect_series")
    def find(series_uid: str) -> None:
        job_id = job_id_here()
        stop = StopWhenCancelled(client, job_id)
        detect_series(settings, series_uid, job_id, detect=detect, progress=Progress(), stop=stop)

    @DBOS.workflow(name="detect", max_recovery_attempts=MAX_RECOVERY_ATTEMPTS)
    def detect_job(series_uid: str, account_id: int | None) -> None:
        find(series_uid)


def register_imports(settings: Settings, client: JobsClient) -> None:
    """Make the import and phantom jobs known to the engine of this process."""

    @DBOS.step(name="import_upload")
    def import_upload(upload_id: str) -> dict[str, Any]:
        stop = StopWhenCancelled(client, job_id_here())
        with told(settings.home):
            return uploads.import_upload(settings, upload_id, progress=Progress(), stop=stop)

    @DBOS.step(name="import_phantom")
    def import_phantom() -> dict[str, Any]:
        with told(settings.home):
            stop = StopWhenCancelled(client, job_id_here())
            return importing.import_phantom(settings, progress=Progress(), stop=stop).as_dict()

    @DBOS.step(name="detect_new")
    def detect_new(report: dict[str, Any], account_id: int | None) -> dict[str, str]:
        with told(settings.home):
            return uploads.detect_new(client, report, account_id)

    @DBOS.step(name="remove_upload")
    def remove_upload(upload_id: str) -> None:
        uploads.remove(settings, upload_id)

    @DBOS.workflow(name="import", max_recovery_attempts=MAX_RECOVERY_ATTEMPTS)
    def import_job(upload_id: str, account_id: int | None) -> dict[str, Any]:
        report = import_upload(upload_id)
        jobs = detect_new(report, account_id)
        remove_upload(upload_id)
        return {**report, "detections": jobs}

    @DBOS.workflow(name="phantom", max_recovery_attempts=MAX_RECOVERY_ATTEMPTS)
    def phantom_job(account_id: int | None) -> dict[str, Any]:
        report = import_phantom()
        return {**report, "detections": detect_new(report, account_id)}


def register_align(settings: Settings) -> None:
    """Make the align job known to the engine of this process."""

    @DBOS.step(name="align_series")
    def align(first_uid: str, second_uid: str) -> dict[str, Any]:
        with told(settings.home):
            return aligning.align_series(settings, first_uid, second_uid)

    @DBOS.workflow(name="align", max_recovery_attempts=MAX_RECOVERY_ATTEMPTS)
    def align_job(first_uid: str, second_uid: str) -> dict[str, Any]:
        return align(first_uid, second_uid)


def job_id_here() -> str:
    """The id of the job that runs in this thread."""
    job_id = DBOS.workflow_id
    if job_id is None:
        raise RuntimeError("a step of a job ran outside of a job")
    return job_id
