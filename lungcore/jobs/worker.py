"""The worker: the process that runs jobs until it is told to end.

It is made to be killed. Ending it at any moment, politely or not, leaves its jobs on the queue;
the next start goes on with them.
"""

import logging
import os
import signal
import sys
import threading
from functools import partial
from logging.handlers import RotatingFileHandler

from dbos import DBOS

from lungcore.jobs import learning, models, uploads, workflows
from lungcore.jobs.client import JobsClient
from lungcore.jobs.detecting import Detector
from lungcore.jobs.engine import (
    APPLICATION,
    DETECT_QUEUE,
    IMPORT_QUEUE,
    LEARN_QUEUE,
    LOG_BYTES,
    SERIALIZER,
    VERSION,
    log_file,
)
from lungcore.jobs.executors import BEAT_SECONDS, Executor, only_worker
from lungcore.jobs.leftovers import clean_leftovers
from lungcore.learning.detect import detect as shipped_detector
from lungcore.learning.runtime import Kept
from lungcore.records import database
from lungcore.settings import Settings

log = logging.getLogger(__name__)

QUEUE_POLL_SECONDS = 0.5


def run(settings: Settings, *, embedded: bool = False, detect: Detector | None = None) -> None:
    """Run jobs until SIGTERM or SIGINT, or, when embedded, until standard input closes.

    detect: instead of the shipped detector, whose networks are loaded once for all jobs.
    embedded: started by a web server through a pipe, to end with it. It stands by while another
        worker of the same home folder runs. Otherwise that is a LungcoreError
        jobs.worker_running.
    """
    _log(settings, embedded=embedded)
    if embedded:
        threading.Thread(target=_end_with_parent, daemon=True).start()
    with only_worker(settings.home, wait=embedded) as executor_id:
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        client = _start(settings, executor_id, detect or partial(shipped_detector, load=Kept()))
        executor = Executor(settings, executor_id)
        log.info("worker %s started in %s", executor_id, settings.home)
        _look_after(settings, executor, client)
        while not ended.wait(BEAT_SECONDS):
            _look_after(settings, executor, client)
        log.info("worker %s ends", executor_id)
        _end()


def _start(settings: Settings, executor_id: str, detect: Detector) -> JobsClient:
    """Clean up after the last worker, then let the engine take jobs."""
    database.migrate(settings.database_url)
    client = JobsClient(settings)
    clean_leftovers(settings)
    models.adopt_house(settings)
    client.forget_ended()
    # A handler of our own keeps the engine from adding one: its lines go where all others go.
    logging.getLogger("dbos").addHandler(logging.NullHandler())
    DBOS(
        config={
            "name": APPLICATION,
            "system_database_url": settings.jobs_url,
            "serializer": SERIALIZER,
            "application_version": VERSION,
            "executor_id": executor_id,
            "log_level": "WARNING",
        }
    )
    workflows.register_imports(settings, client)
    workflows.register_detect(settings, client, detect)
    workflows.register_align(settings)
    learning.register(settings, client)
    DBOS.launch()
    # One of each at a time: a detection keeps every core busy, and an import need not wait for it,
    # nor a detection for a training of hours.
    for queue in (IMPORT_QUEUE, DETECT_QUEUE, LEARN_QUEUE):
        DBOS.register_queue(queue, worker_concurrency=1, polling_interval_sec=QUEUE_POLL_SECONDS)
    return client


def _look_after(settings: Settings, executor: Executor, client: JobsClient) -> None:
    try:
        executor.beat()
        client.settle_detections()
        client.settle_trainings()
        uploads.clean(settings, client.uploads_waiting())
    except Exception:
        # The database may be away for a while; the jobs themselves wait for it likewise.
        log.exception("looking after the jobs failed, trying again in %s s", BEAT_SECONDS)


def _log(settings: Settings, *, embedded: bool) -> None:
    """Log to standard error, and to the worker's file too unless it is there that this goes."""
    handlers: list[logging.Handler] = [logging.StreamHandler()]
    if not embedded:
        path = log_file(settings.home)
        path.parent.mkdir(parents=True, exist_ok=True)
        handlers.append(RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=1))
    layout = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=layout, handlers=handlers)
    for library in ("dbos", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _end_with_parent() -> None:
    # The system closes the pipe when the parent ends, however it ends.
    sys.stdin.buffer.read()
    _end()


def _end() -> None:
    """End at once. The threads that run jobs cannot be told to; their jobs are on the queue."""
    logging.shutdown()
    os._exit(0)
