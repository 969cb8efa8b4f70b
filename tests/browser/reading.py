"""What a reader does in the viewer, with real mouse, wheel and key events."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page

from lungcore import settings
from lungcore.records import accounts, database
from tests.browser.serving import Server

PASSWORD = "a second passphrase"
ROOT = "[data-lungviewer]"
DETECTION_MS = 240_000


@dataclass(frozen=True)
class Viewer:
    """The viewer on the page, read through what it tells in the DOM."""

    page: Page

    @property
    def root(self) -> Locator:
        return self.page.locator(ROOT)

    def tells(self, name: str) -> str:
        """One of the root's `data-` attributes."""
        return self.root.get_attribute(f"data-{name}") or ""

    def wait(self, name: str, value: str) -> None:
        """Wait until the root tells that `name` is `value`."""
        self.page.wait_for_selector(f'{ROOT}[data-{name}="{value}"]')

    def wait_loaded(self) -> None:
        """Wait until all slices are there."""
        self.page.wait_for_function(
            """() => { const d = document.querySelector('[data-lungviewer]')?.dataset;
                return d?.slices && d.loaded === d.slices; }"""
        )

    def saved_after(self, version: str) -> None:
        """Wait until the reading is beyond `version` and the server has it."""
        self.page.wait_for_function(
            """before => { const d = document.querySelector('[data-lungviewer]').dataset;
                return d.version !== before && d.saving === 'saved'; }""",
            arg=version,
        )

    def next_finding(self) -> str:
        """Press the key for the next finding, from a slice that shows none; its UID.

        Waits for its mark: a key press may be over before the browser has acted on it.
        """
        self.page.keyboard.press("n")
        self.page.wait_for_selector("[data-mark][data-selected]", state="attached")
        return self.tells("selected-finding")

    def type_window(self, center: int, width: int) -> None:
        """Type a window in HU and take it."""
        self.page.keyboard.press("Shift+W")
        self.wait("form", "window")
        self.page.keyboard.type(f"{center}")
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(f"{width}")
        self.page.keyboard.press("Enter")
        self.wait("window", f"{center}/{width}")

    def press(self, key: str) -> None:
        """Press a key that makes an event, and wait until it is saved."""
        version = self.tells("version")
        self.page.keyboard.press(key)
        self.saved_after(version)

    def mark(self, finding_uid: str) -> dict[str, float]:
        """The bounding box on screen of a finding's outline."""
        outline = f'[data-mark="{finding_uid}"] :is(circle, ellipse, path)'
        box = self.page.locator(outline).first.bounding_box()
        assert box is not None
        return dict(box)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Press, move in steps, release; wait until it is saved."""
        version = self.tells("version")
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=6)
        self.page.mouse.up()
        self.saved_after(version)

    def findings(self) -> dict[str, dict[str, Any]]:
        """The findings as the server has them, by their UID."""
        answer = self.page.request.get(f"{origin(self.page)}/api/series/{self.tells('series')}")
        return {finding["finding_uid"]: finding for finding in answer.json()["findings"]}


def origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


def middle(box: dict[str, float]) -> tuple[float, float]:
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def upload_folder(page: Page, folder: Path) -> None:
    """Choose a folder in the worklist's control and wait for the import's report."""
    page.set_input_files('[data-input="folder"]', folder)
    page.wait_for_selector('[data-activity="done"]', timeout=120_000)


def open_when_ready(page: Page, selector: str) -> Viewer:
    """Wait until the detection of a row has ended, then open it with one click."""
    page.wait_for_selector(f'tr{selector}[data-state="ready"]', timeout=DETECTION_MS)
    page.click(f"tr{selector} td.patient a")
    viewer = Viewer(page)
    page.wait_for_selector(f"{ROOT}[data-slices]")
    viewer.wait_loaded()
    return viewer


def add_readers(server: Server, names: Mapping[str, str]) -> None:
    """Annotators beside the first account, by user name."""
    engine = database.connect(settings.load({"LUNGCORE_HOME": str(server.home)}).database_url)
    with database.transaction(engine) as session:
        for username, name in names.items():
            accounts.add_account(
                session, username, PASSWORD, display_name=name, roles=("annotator",)
            )
    engine.dispose()


def signed_in(chromium: Browser, server: Server, username: str) -> Page:
    """A window of that reader, on the worklist."""
    window = chromium.new_context(viewport={"width": 1280, "height": 720}).new_page()
    window.set_default_timeout(30_000)
    window.goto(f"{server.address}login")
    window.get_by_label("User name").fill(username)
    window.get_by_label("Password").fill(PASSWORD)
    window.keyboard.press("Enter")
    window.wait_for_selector("[data-worklist]")
    return window


def take_next(window: Page, server: Server) -> Viewer:
    """The next case of the reader's queue, opened."""
    window.goto(f"{server.address}queue")
    window.get_by_role("button", name="Next case").click()
    window.wait_for_selector(f"{ROOT}[data-slices]")
    viewer = Viewer(window)
    viewer.wait_loaded()
    return viewer


def add_mark(viewer: Viewer, dx: int) -> str:
    """Drag a new mark on the axial pane, `dx` px further right; its UID."""
    before = set(viewer.findings())
    box = viewer.page.locator('[data-pane="axial"] canvas.lv-image').bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.3 + dx, box["y"] + box["height"] * 0.5
    viewer.page.keyboard.press("d")
    viewer.wait("mode", "add")
    viewer.drag((x, y), (x + 20, y))
    [uid] = set(viewer.findings()) - before
    return uid
