"""A server of one's own and a real Chromium, for the browser tests and the viewer's benchmark."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SET_UP_LINK = re.compile(r"http://\S+/set-up\?token=\S+")
START_SECONDS = 90


@dataclass(frozen=True)
class Server:
    """A running server: where it is, where to set it up, its own home folder and its process."""

    address: str
    set_up_link: str
    home: Path
    pid: int


@contextmanager
def running_server(home: Path) -> Iterator[Server]:
    """`streamlit run app.py` on a fresh home, with its embedded worker."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
        cwd=ROOT,
        env=os.environ | {"LUNGCORE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    printed: list[str] = []
    threading.Thread(target=lambda: printed.extend(process.stdout or ()), daemon=True).start()
    address = f"http://localhost:{port}/"

    def link() -> str:
        found = SET_UP_LINK.search("".join(printed))
        return found.group() if found and _answers(address) else ""

    try:
        _wait_until(link, "the server's set-up link")
        yield Server(address, link(), home, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def chromium_path() -> str | None:
    """Debian's Chromium, if it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def running_chromium(path: str) -> Iterator[Browser]:
    """Headless and without a GPU."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


def set_up(page: Page, server: Server) -> None:
    """Make the first account in the browser; ends on the worklist."""
    page.goto(server.set_up_link)
    page.get_by_label("User name").fill("reader")
    page.get_by_label("Your name").fill("Dr Reader")
    page.get_by_label("Password").fill("a long passphrase")
    page.get_by_role("button", name="Create the first account").click()
    page.wait_for_selector("[data-worklist]")


def _wait_until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {START_SECONDS} s: {what}")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
