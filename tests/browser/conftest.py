"""A server of its own and a real Chromium for every browser test module."""

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.serving import (
    ROOT,
    Server,
    chromium_path,
    running_chromium,
    running_server,
    set_up,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running_server(tmp_path_factory.mktemp("home")) as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        message = "needs Chromium (Debian: apt-get install chromium), which is not here"
        pytest.fail(message) if os.environ.get("LUNGCORE_NO_SKIP") else pytest.skip(message)
    with running_chromium(path) as browser:
        yield browser


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
    set_up(page, server)
    yield page
    assert elsewhere == [], f"the pages asked other hosts: {elsewhere}"
    context.close()


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep a screenshot under docs/pictures when LUNGCORE_PICTURES is set (phantom only)."""

    def keep(page: Page, name: str) -> None:
        if os.environ.get("LUNGCORE_PICTURES"):
            page.screenshot(path=ROOT / "docs" / "pictures" / f"{name}.png")

    return keep
