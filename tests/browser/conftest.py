"""A server of its own and a real Chromium for every browser test module."""

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
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
SET_UP_LINK = re.compile(r"http://\S+/set-up\?token=\S+")
START_SECONDS = 90


@dataclass
class Server:
    """A running server: where it is, where to set it up, and its own home folder."""

    address: str
    set_up_link: str
    home: Path
    process: subprocess.Popen[str]


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> None:
    """Poll `condition` until it is true; fail naming `what` after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"not within {seconds} s: {what}")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}health", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """`streamlit run app.py` on a fresh home, with its embedded worker."""
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)],
        cwd=ROOT,
        env=os.environ | {"LUNGCORE_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    printed: list[str] = []
    reader = threading.Thread(target=lambda: printed.extend(process.stdout or ()), daemon=True)
    reader.start()
    address = f"http://localhost:{port}/"
    try:
        wait_until(
            lambda: answers(address) and SET_UP_LINK.search("".join(printed)),
            START_SECONDS,
            "the server's set-up link",
        )
        link = SET_UP_LINK.search("".join(printed))
        yield Server(address, link.group() if link else "", home, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless and without a GPU."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        message = "needs Chromium (Debian: apt-get install chromium), which is not here"
        pytest.fail(message) if os.environ.get("LUNGCORE_NO_SKIP") else pytest.skip(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def page(chromium: Browser, server: Server) -> Iterator[Page]:
    """A signed-in page at 1280x720; any request to another host fails the module."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    elsewhere: list[str] = []
    context.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((server.address, "data:", "blob:"))
            else elsewhere.append(request.url)
        ),
    )
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.goto(server.set_up_link)
    page.get_by_label("User name").fill("reader")
    page.get_by_label("Your name").fill("Dr Reader")
    page.get_by_label("Password").fill("a long passphrase")
    page.get_by_role("button", name="Create the first account").click()
    page.wait_for_selector("[data-worklist]")
    yield page
    assert elsewhere == [], f"the pages asked other hosts: {elsewhere}"
    context.close()


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keep a screenshot under docs/pictures when LUNGCORE_PICTURES is set (phantom only)."""

    def keep(page: Page, name: str) -> None:
        if os.environ.get("LUNGCORE_PICTURES"):
            page.screenshot(path=ROOT / "docs" / "pictures" / f"{name}.png")

    return keep
