"""The worker that a web server starts beside itself and that ends with it."""

import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from lungcore.jobs.engine import LOG_BYTES, log_file
from lungcore.settings import NAMES, Settings

log = logging.getLogger(__name__)

SHORTEST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 60.0
END_SECONDS = 5.0
COMMAND = (sys.executable, "-m", "lungcore", "worker", "--embedded")


class EmbeddedWorker:
    """Keeps one worker process running: one that dies is started again, ever less hastily.

    The child reads its standard input, a pipe from here, and ends when that closes: also when
    this process is killed. Where another worker of the home folder runs, the child stands by.
    """

    def __init__(self, settings: Settings, command: Sequence[str] = COMMAND) -> None:
        self._settings = settings
        self._command = tuple(command)
        self._ending = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._keeper = threading.Thread(target=self._keep, name="embedded-worker", daemon=True)

    def start(self) -> None:
        """Start the worker and keep it running; returns at once."""
        self._keeper.start()

    def stop(self) -> None:
        """End the worker, and wait until it has; one that was never started has ended."""
        self._ending.set()
        if self._child is not None:
            _end(self._child)
        if self._keeper.is_alive():
            self._keeper.join()

    def alive(self) -> bool:
        """Whether the worker process runs at the moment."""
        return self._child is not None and self._child.poll() is None

    def _keep(self) -> None:
        delay = SHORTEST_DELAY_SECONDS
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                status = f"status {self._run_once()}"
            except OSError as error:  # no memory for a process, no log to write to: it may pass
                status = str(error)
            if self._ending.is_set():
                return
            if time.monotonic() - began > LONGEST_DELAY_SECONDS:
                delay = SHORTEST_DELAY_SECONDS
            log.warning("the worker ended: %s; again in %.0f s", status, delay)
            self._ending.wait(delay)
            delay = min(2 * delay, LONGEST_DELAY_SECONDS)

    def _run_once(self) -> int:
        with _open_log(log_file(self._settings.home)) as output:
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                env=_environment(self._settings),
            )
        if self._ending.is_set():
            _end(self._child)
        return self._child.wait()


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()


def _environment(settings: Settings) -> dict[str, str]:
    """The environment that gives the child these settings, and this very code."""
    ours = {f"LUNGCORE_{name.upper()}": str(getattr(settings, name)) for name in NAMES}
    code = str(Path(__file__).parents[2])
    search = [code, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, **ours, "PYTHONPATH": os.pathsep.join(search)}


def _open_log(path: Path) -> IO[bytes]:
    """The log to append to; a long one is set aside first, in place of the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")
