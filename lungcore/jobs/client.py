"""What pages and routes do with jobs: enqueue, watch, cancel, try again. Nothing runs here."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from dbos import DBOSClient, WorkflowStatus

from lungcore.errors import LungcoreError
from lungcore.jobs import bringing, datasets, training
from lungcore.jobs.engine import (
    APPLICATION,
    DETECT_QUEUE,
    IMPORT_QUEUE,
    LEARN_QUEUE,
    PROGRESS_EVENT,
    SERIALIZER,
    log_file,
    prepare,
    refuse_pickle,
)
from lungcore.jobs.failures import Reason, read_reason, unexpected
from lungcore.learning import plans
from lungcore.records import database, detections, models, trainings
from lungcore.settings import Settings

Kind = Literal["import", "phantom", "detect", "align", "train", "cost", "compare", "bring"]
State = Literal["queued", "running", "done", "failed", "cancelled"]

KEPT = timedelta(days=30)
UPLOADS = uuid.UUID("0b9d4a53-7e41-4d6f-9a35-5b1f6c2f8e10")  # namespace of the ids of imports
ALIGNMENTS = uuid.UUID("5f0c2ab1-9c41-4f0e-8d57-6f4b7c1d2e90")
QUEUES: dict[Kind, str] = {
    "import": IMPORT_QUEUE,
    "phantom": IMPORT_QUEUE,
    "detect": DETECT_QUEUE,
    "align": IMPORT_QUEUE,
    "train": LEARN_QUEUE,
    "cost": LEARN_QUEUE,
    "compare": LEARN_QUEUE,
    "bring": LEARN_QUEUE,
}
STATES: dict[str, State] = {
    "ENQUEUED": "queued",
    "DELAYED": "queued",
    "PENDING": "running",
    "SUCCESS": "done",
    "ERROR": "failed",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "failed",
    "CANCELLED": "cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStatus:
    """One job as it stands.

    step: catalogue key of what it is doing; fraction: share of the whole job done, 0..1.
    error: catalogue key and values of why it failed. result: what a finished import brought.
    """

    job_id: str
    kind: Kind
    state: State
    step: str
    fraction: float
    error: Reason | None = None
    result: dict[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ("done", "failed", "cancelled")


class JobsClient:
    """The job queue as the web sees it. It may open before any worker ever ran."""

    def __init__(self, settings: Settings) -> None:
        refuse_pickle()
        prepare(settings.jobs_url)
        self._settings = settings
        self._records = database.connect(settings.database_url)
        self._client = DBOSClient(
            system_database_url=settings.jobs_url,
            serializer=SERIALIZER,
            application_name=APPLICATION,
        )

    def close(self) -> None:
        """Let go of both databases."""
        self._client.destroy()
        self._records.dispose()

    def enqueue_import(self, upload_id: str, account_id: int | None) -> str:
        """Import a complete upload, then detect in its new series; returns the job's id.

        An upload has one job: asked for again, as after an answer that was lost, it is the same.

        Raises ValueError when `upload_id` cannot be a folder's name.
        """
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", upload_id):
            raise ValueError(f"upload_id cannot be {upload_id!r}")
        job_id = str(uuid.uuid5(UPLOADS, upload_id))
        return self._enqueue("import", job_id, upload_id, account_id)

    def enqueue_phantom(self, account_id: int | None) -> str:
        """Make a phantom, import it and detect in it; returns the job's id."""
        return self._enqueue("phantom", _new_id(), account_id)

    def enqueue_detect(self, series_uid: str, account_id: int | None) -> str:
        """Detect in a stored series; returns the job's id, the running one's if there is one.

        Raises LungcoreError when the series is unknown.
        """
        with database.transaction(self._records) as session:
            latest = detections.latest(session, series_uid)
            if latest is not None and latest.state == "running":
                end = self._end_of(latest.job_id)
                if end is None:
                    return latest.job_id
                detections.end(session, latest.job_id, *end)
            job_id = _new_id()
            detections.start(session, series_uid, job_id, account_id)
            # Inside the transaction: a record that others see always has its job.
            return self._enqueue("detect", job_id, series_uid, account_id)

    def enqueue_align(self, first_uid: str, second_uid: str, lungs: Sequence[str]) -> str:
        """Align two series by their lungs; returns the job's id, the same for the same lungs.

        lungs: what names the lungs of each, so that new ones make a new job.
        """
        job_id = str(uuid.uuid5(ALIGNMENTS, " ".join((first_uid, second_uid, *lungs))))
        return self._enqueue("align", job_id, first_uid, second_uid)

    def enqueue_training(self, plan: Mapping[str, Any], account_id: int | None) -> str:
        """Train by a plan as JSON holds it; returns the training's id.

        Raises LungcoreError when what it learns from or begins with is not there.
        """
        training_id = _new_id()
        ready = training.prepared(self._settings, plans.of_json(plan), training_id)
        with database.transaction(self._records) as session:
            job_id = _new_id()
            trainings.start(session, training_id, job_id, plans.as_json(ready), account_id)
            return self._enqueue("train", job_id, training_id, account_id) and training_id

    def pause_training(self, training_id: str, account_id: int | None) -> None:
        """Stop a training after its next checkpoint, to go on another time."""
        self._halt(training_id, "paused", account_id)

    def cancel_training(self, training_id: str, account_id: int | None) -> None:
        """Give a training up. What it was working on, if it was, is removed by its job."""
        with database.snapshot(self._records) as session:
            was_running = trainings.find(session, training_id).state == "running"
        self._halt(training_id, "cancelled", account_id)
        if not was_running:
            training.tidy(self._settings, training_id)

    def resume_training(self, training_id: str, account_id: int | None) -> None:
        """Go on with a training that was paused or failed, from its last checkpoint."""
        with database.transaction(self._records) as session:
            job_id = _new_id()
            trainings.go_on(session, training_id, job_id, account_id)
            self._enqueue("train", job_id, training_id, account_id)

    def enqueue_cost(self, plan: Mapping[str, Any]) -> str:
        """Measure for five seconds what a plan would cost; returns the job's id."""
        job_id = _new_id()
        ready = training.prepared(self._settings, plans.of_json(plan), job_id)
        plans.write(training.folder(self._settings, job_id), ready)
        return self._enqueue("cost", job_id, job_id)

    def enqueue_comparison(self, name: str, dataset_id: str, account_id: int | None) -> str:
        """Compare a model with the one in use on a version's locked test set; the job's id.

        Raises LungcoreError when version or model are unknown, or the model knows the test set.
        """
        with database.snapshot(self._records) as session:
            datasets.check_unseen(session, dataset_id, models.find(session, name))
        return self._enqueue("compare", _new_id(), name, dataset_id, account_id)

    def enqueue_bringing(self, files: dict[str, bytes], account_id: int | None) -> str:
        """Register a model of others with its manifest; the job's id."""
        job_id = _new_id()
        bringing.keep(self._settings, job_id, files)
        return self._enqueue("bring", job_id, job_id, account_id)

    def settle_trainings(self) -> None:
        """Tell the records of trainings whose job is gone or was given up."""
        with database.transaction(self._records) as session:
            for training_id, job_id in trainings.running(session):
                end = self._end_of(job_id)
                if end is not None and end[1] is not None:
                    trainings.fail(session, training_id, job_id, end[1])

    def _halt(
        self, training_id: str, state: Literal["paused", "cancelled"], account_id: int | None
    ) -> None:
        with database.transaction(self._records) as session:
            job_id = trainings.halt(session, training_id, state, account_id)
        self._client.cancel_workflow(job_id)

    def was_detected(self, series_uid: str) -> bool:
        """Whether a detection in the series was ever started."""
        with database.snapshot(self._records) as session:
            return detections.latest(session, series_uid) is not None

    def settle_detections(self) -> None:
        """End the records of detections whose job is gone or ended without telling them."""
        with database.transaction(self._records) as session:
            for record in detections.running(session):
                end = self._end_of(record.job_id)
                if end is not None:
                    detections.end(session, record.job_id, *end)

    def uploads_waiting(self) -> set[str]:
        """The uploads that queued and running imports still need."""
        jobs = self._client.list_workflows(
            name="import", status=["ENQUEUED", "DELAYED", "PENDING"], load_output=False
        )
        return {str(argument) for job in jobs for argument in _arguments(job)[:1]}

    def status(self, job_id: str) -> JobStatus:
        """The job as it stands. Raises LungcoreError jobs.unknown."""
        workflow = self._workflow(job_id)
        state = STATES[workflow.status]
        step, fraction = self._progress(job_id, state)
        return JobStatus(
            job_id=job_id,
            kind=_kind(workflow),
            state=state,
            step=step,
            fraction=fraction,
            error=self._error(workflow) if state == "failed" else None,
            result=workflow.output if isinstance(workflow.output, dict) else None,
        )

    def is_cancelled(self, job_id: str) -> bool:
        """Whether the job was cancelled; cheap, for a running job to ask often."""
        found = self._client.list_workflows(
            workflow_ids=[job_id], status="CANCELLED", load_input=False, load_output=False
        )
        return bool(found)

    def cancel(self, job_id: str) -> None:
        """Cancel the job; one that has ended stays as it is. Raises LungcoreError jobs.unknown."""
        self._client.cancel_workflow(job_id)
        status = self.status(job_id)
        if status.kind == "detect" and status.state == "cancelled":
            with database.transaction(self._records) as session:
                detections.end(session, job_id, "cancelled", None)

    def retry(self, job_id: str) -> str:
        """Do a failed or cancelled job again as a new one; returns the new job's id.

        Raises LungcoreError jobs.unknown, jobs.retry_not_ended or jobs.retry_upload_gone.
        """
        workflow = self._workflow(job_id)
        kind, arguments = _kind(workflow), _arguments(workflow)
        if STATES[workflow.status] not in ("failed", "cancelled"):
            raise LungcoreError("jobs.retry_not_ended", job_id=job_id)
        if kind == "detect":
            return self.enqueue_detect(*arguments)
        if kind == "import" and not (self._settings.uploads / arguments[0]).is_dir():
            raise LungcoreError("jobs.retry_upload_gone")
        if kind in ("train", "bring"):
            raise LungcoreError("jobs.retry_elsewhere")
        # Always the same id: the queue takes a job of a known id once, however often it is asked.
        again = str(uuid.uuid5(uuid.UUID(job_id), "again"))
        return self._enqueue(kind, again, *arguments)

    def forget_ended(self) -> None:
        """Remove jobs that ended long ago; what they did is on record elsewhere."""
        before = datetime.now(UTC) - KEPT
        ended = self._client.list_workflows(
            completed_before=before.isoformat(), load_input=False, load_output=False
        )
        self._client.delete_workflows([job.workflow_id for job in ended])

    def _end_of(self, job_id: str) -> tuple[Literal["failed", "cancelled"], Reason | None] | None:
        """How the job of an unfinished detection ended; None while it may still finish."""
        try:
            status = self.status(job_id)
        except LungcoreError as gone:
            return "failed", (gone.key, gone.values)
        if not status.ended:
            return None
        if status.state == "cancelled":
            return "cancelled", None
        return "failed", status.error or unexpected(status.state, self._settings.home)

    def _enqueue(self, kind: Kind, job_id: str, *arguments: object) -> str:
        options = {"workflow_name": kind, "queue_name": QUEUES[kind], "workflow_id": job_id}
        self._client.enqueue(options, *arguments)  # type: ignore[arg-type]
        return job_id

    def _workflow(self, job_id: str) -> WorkflowStatus:
        found = self._client.list_workflows(workflow_ids=[job_id])
        if not found:
            raise LungcoreError("jobs.unknown", job_id=job_id)
        return found[0]

    def _progress(self, job_id: str, state: State) -> tuple[str, float]:
        if state in ("queued", "done"):
            return f"jobs.step_{state}", 1.0 if state == "done" else 0.0
        event = self._client.get_event(job_id, PROGRESS_EVENT, timeout_seconds=0)
        if event is None:
            return "jobs.step_starting", 0.0
        return str(event["step"]), float(event["fraction"])

    def _error(self, workflow: WorkflowStatus) -> Reason:
        home = self._settings.home
        if workflow.status == "MAX_RECOVERY_ATTEMPTS_EXCEEDED":
            return "jobs.killed_worker", {"log": str(log_file(home))}
        data = getattr(workflow.error, "data", None)
        if isinstance(data, dict) and "key" in data:
            return read_reason(data)
        kind = getattr(workflow.error, "name", type(workflow.error).__name__)
        return unexpected(kind, home)


def _new_id() -> str:
    return str(uuid.uuid4())


def _kind(workflow: WorkflowStatus) -> Kind:
    for kind in QUEUES:
        if workflow.name == kind:
            return kind
    raise LungcoreError("jobs.unknown", job_id=workflow.workflow_id)


def _arguments(workflow: WorkflowStatus) -> tuple[Any, ...]:
    """What the job was enqueued with; nothing when its row is not ours to read."""
    return workflow.input["args"] if isinstance(workflow.input, dict) else ()
