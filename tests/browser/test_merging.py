"""One reader on two tabs: what the later one made is told, offered to be merged, and not lost."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.reading import ROOT, Viewer, open_when_ready, origin
from tests.browser.serving import Server

PASSWORD = "a long passphrase"
DIALOG = '[data-dialog="merge"]'


@pytest.fixture(scope="module")
def first(page: Page) -> Viewer:
    page.click('[data-action="phantom"]')
    return open_when_ready(page, "[data-series]")


@pytest.fixture(scope="module")
def second(chromium: Browser, server: Server, first: Viewer) -> Iterator[Viewer]:
    """The same account on another machine."""
    context = chromium.new_context(viewport={"width": 1280, "height": 720})
    window = context.new_page()
    window.set_default_timeout(30_000)
    window.goto(f"{server.address}login")
    window.get_by_label("User name").fill("reader")
    window.get_by_label("Password").fill(PASSWORD)
    window.keyboard.press("Enter")
    window.wait_for_selector("[data-worklist]")
    yield Viewer(window)
    context.close()


def load(viewer: Viewer, uid: str) -> None:
    """Open the series, or see it as it is now."""
    viewer.page.goto(f"{origin(viewer.page)}/review?series={uid}")
    viewer.page.wait_for_selector("[data-lungviewer][data-slices]")
    viewer.wait_loaded()


def click_mark(viewer: Viewer, dx: int) -> None:
    """Add a mark with the key and the mouse; it need not be saved."""
    viewer.page.keyboard.press("d")
    viewer.wait("mode", "add")
    box = viewer.page.locator('[data-pane="axial"] canvas.lv-image').bounding_box()
    assert box is not None
    viewer.page.mouse.click(box["x"] + box["width"] * 0.3 + dx, box["y"] + box["height"] * 0.5)


def add_mark(viewer: Viewer, dx: int) -> str:
    before, version = set(viewer.findings()), viewer.tells("version")
    click_mark(viewer, dx)
    viewer.saved_after(version)
    (new,) = set(viewer.findings()) - before
    return new


def both(first: Viewer, second: Viewer) -> str:
    uid = first.tells("series")
    load(first, uid)
    load(second, uid)
    return uid


def test_marks_of_both_tabs_are_there_after_a_merge(first: Viewer, second: Viewer, picture) -> None:
    uid = both(first, second)
    before = set(first.findings())
    theirs = add_mark(first, 0)
    click_mark(second, 40)
    dialog = second.page.locator(DIALOG)
    dialog.wait_for()
    assert second.tells("conflict") == "1"
    assert dialog.locator("[data-there] li").count() == 1
    assert "added" in (dialog.locator("[data-there]").text_content() or "")
    picture(second.page, "merge")
    dialog.get_by_role("button", name="Put mine on top").click()
    second.wait("saving", "saved")
    second.wait("conflict", "0")
    assert "put on top" in second.page.locator(".lv-status").inner_text()
    for viewer in (first, second):
        load(viewer, uid)
        found = set(viewer.findings()) - before
        assert theirs in found and len(found) == 2


def test_what_both_changed_is_chosen_by_keys(first: Viewer, second: Viewer, picture) -> None:
    uid = both(first, second)
    for viewer in (first, second):
        at_first = viewer.tells("selected-finding")
        viewer.page.keyboard.press("n")
        viewer.page.wait_for_selector(f'{ROOT}:not([data-selected-finding="{at_first}"])')
    finding = first.tells("selected-finding")
    assert second.tells("selected-finding") == finding
    first.press("r")
    before = len(first.findings())
    second.page.context.set_offline(True)
    second.page.keyboard.press("a")
    click_mark(second, 80)
    second.wait("saving", "error")
    second.page.context.set_offline(False)
    dialog = second.page.locator(DIALOG)
    dialog.wait_for()
    second.wait("conflict", "2")
    fieldset = dialog.locator(f'[data-clash="{finding}"]')
    put = dialog.get_by_role("button", name="Put mine on top")
    put.click()
    assert dialog.is_visible(), "nothing goes before a choice is made"
    second.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    second.page.keyboard.press("a")
    dialog.wait_for()
    fieldset.get_by_role("radio").nth(1).focus()
    second.page.keyboard.press("Space")
    left = dialog.locator('[data-outcome="left"]')
    assert "accept" in left.inner_text()
    picture(second.page, "merge_choice")
    second.page.keyboard.press("Enter")
    second.wait("saving", "saved")
    second.wait("conflict", "0")
    assert "accept" in second.page.locator(".lv-status").inner_text(), "what is left out is told"
    load(second, uid)
    found = second.findings()
    assert found[finding]["state"] == "rejected"
    assert len(found) == before + 1, "the mark that nothing stood against is saved"


def test_mine_is_dropped_and_told(first: Viewer, second: Viewer) -> None:
    both(first, second)
    add_mark(first, -40)
    kept = set(first.findings())
    click_mark(second, 120)
    dialog = second.page.locator(DIALOG)
    dialog.get_by_role("button", name="Drop mine").click()
    second.wait("conflict", "0")
    assert "dropped" in second.page.locator(".lv-status").inner_text()
    assert set(second.findings()) == kept


def test_what_was_signed_there_is_reopened_first(first: Viewer, second: Viewer) -> None:
    both(first, second)
    kept = set(first.findings())
    first.page.keyboard.press("s")
    first.page.click('[data-action="confirm_sign"]')
    first.wait("signed", "true")
    click_mark(second, 160)
    dialog = second.page.locator(DIALOG)
    dialog.get_by_role("button", name="Reopen").click()
    second.page.locator('[data-dialog="reopen"] input').fill("made at the same time")
    second.page.keyboard.press("Enter")
    second.wait("signed", "false")
    second.page.locator('.lv-status [data-action="merge"]').click()
    dialog.get_by_role("button", name="Put mine on top").click()
    second.wait("saving", "saved")
    assert len(set(second.findings()) - kept) == 1


def test_the_history_of_both_tabs_is_told(first: Viewer, second: Viewer, picture) -> None:
    both(first, second)
    second.page.get_by_role("link", name="History").click()
    second.page.get_by_text("Show the reading as it stood").wait_for()
    second.page.locator('[data-testid="stDataFrame"]').nth(1).wait_for()
    picture(second.page, "history")
    second.page.get_by_role("button", name="Back to the images").click()
    second.page.wait_for_selector("[data-lungviewer][data-slices]")
