"""Who runs jobs: one worker a home folder, and the taking over of jobs whose worker died.

A home folder has one worker at a time. Whoever holds the lock on `worker.lock` is it, under the
identity that the file holds; a second worker would only share the same cores, and two processes
under one identity would take each other's jobs. The lock ends with its process, however it ends.
"""

import fcntl
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from dbos import DBOS

from lungcore.errors import LungcoreError
from lungcore.records import database, executors
from lungcore.settings import Settings

log = logging.getLogger(__name__)

BEAT_SECONDS = 10.0
# A worker that is only slow must not be taken for dead: its jobs would run twice.
DEAD_AFTER = timedelta(seconds=90)


@contextmanager
def only_worker(home: Path, *, wait: bool) -> Iterator[str]:
    """Be the worker of this home folder; yields the lasting identity of its executor.

    wait: stand by until another worker of this home has ended. Otherwise another one is a
        LungcoreError jobs.worker_running.
    """
    home.mkdir(parents=True, exist_ok=True)
    # A record lock: unlike flock, a process forked from the worker does not hold it on.
    with (home / "worker.lock").open("a+") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LungcoreError("jobs.worker_running", home=home) from error
        yield _identity(file)


def _identity(file: TextIO) -> str:
    file.seek(0)
    identity = file.read().strip()
    if not identity:
        identity = uuid.uuid4().hex
        file.write(identity)
        file.flush()
    return identity


class Executor:
    """The running worker as the other machines' workers see it."""

    def __init__(self, settings: Settings, executor_id: str) -> None:
        self._records = database.connect(settings.database_url)
        self._executor_id = executor_id

    def beat(self) -> None:
        """Say that this worker lives, and take over the jobs of those that long have not."""
        now = datetime.now(UTC)
        with database.transaction(self._records) as session:
            executors.beat(session, self._executor_id, now)
            dead = executors.silent_since(session, now - DEAD_AFTER)
        for executor_id in dead:
            _take_over(executor_id)
            with database.transaction(self._records) as session:
                executors.forget(session, executor_id)


def _take_over(executor_id: str) -> None:
    # The public resume_workflow would reset the count of attempts, and a job that kills every
    # worker would go round for ever. This one is private: the version is pinned, a test holds it.
    taken = DBOS._recover_pending_workflows([executor_id])
    log.warning("worker %s is dead; took over %d of its jobs", executor_id, len(taken))
