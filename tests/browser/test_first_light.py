"""A study goes from upload to signed findings, by a person's mouse and keys."""

import csv
import math

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser.reading import Viewer, middle, open_when_ready, upload_folder
from tests.conftest import SHARED

LIDC = "1.3.6.1.4.1.14519.5.2.1.6279.6001.179049373636438705059720603192"
ROW = f'[data-series="{LIDC}"]' if SHARED.is_dir() else "[data-series]"


@pytest.fixture(scope="module")
def viewer(page: Page) -> Viewer:
    """LIDC-IDRI-0001 where the real data are, else the phantom: imported, detected, opened."""
    if SHARED.is_dir():
        upload_folder(page, SHARED / "lidc_scans" / "LIDC-IDRI-0001" / "dicom")
    else:
        page.click('[data-action="phantom"]')
    return open_when_ready(page, ROW)


def test_the_machine_found_what_the_readers_marked(viewer: Viewer) -> None:
    if not SHARED.is_dir():
        pytest.skip("needs the readers' reference in ../shared/data, which is not here")
    with (SHARED / "lidc_scans" / "nodules_consensus.csv").open() as file:
        [nodule] = [row for row in csv.DictReader(file) if row["seriesuid"] == LIDC]
    centre = [float(nodule[f"coord{axis}"]) for axis in "XYZ"]
    distances = [math.dist(centre, f["center_mm"]) for f in viewer.findings().values()]
    assert min(distances) <= float(nodule["diameter_mm"]) / 2


def test_the_wheel_and_the_keys_scroll(viewer: Viewer) -> None:
    page = viewer.page
    page.keyboard.press("Home")
    viewer.wait("slice", "1")
    page.mouse.move(400, 400)
    page.mouse.wheel(0, 100)
    viewer.wait("slice", "2")
    page.keyboard.press("ArrowDown")
    viewer.wait("slice", "3")
    page.mouse.wheel(0, -100)
    viewer.wait("slice", "2")
    page.keyboard.press("End")
    viewer.wait("slice", viewer.tells("slices"))


def test_digits_choose_the_window(viewer: Viewer) -> None:
    viewer.page.keyboard.press("2")
    viewer.wait("window", "40/400")
    viewer.page.keyboard.press("1")
    viewer.wait("window", "-600/1500")


def test_a_key_opens_the_first_finding_and_accepts_it(viewer: Viewer) -> None:
    viewer.page.keyboard.press("End")
    viewer.page.wait_for_selector("[data-mark]", state="detached")
    selected = viewer.next_finding()
    assert viewer.page.locator(f'[data-mark="{selected}"]').count() == 1
    viewer.press("a")
    assert viewer.findings()[selected]["state"] == "accepted"


def test_a_finding_is_moved_and_resized_on_the_slice(viewer: Viewer) -> None:
    selected = viewer.tells("selected-finding")
    before = viewer.findings()[selected]
    viewer.page.keyboard.press("e")
    viewer.wait("mode", "edit")
    x, y = middle(viewer.mark(selected))
    viewer.drag((x, y), (x + 20, y + 10))
    moved = viewer.findings()[selected]
    shift = np.subtract(moved["center_mm"], before["center_mm"])
    assert shift[0] > 0, "to the right of the screen is the patient's left, +x"
    assert shift[1] > 0, "down the screen is the patient's back, +y"
    assert shift[0] / shift[1] == pytest.approx(2, rel=0.1)
    box = viewer.mark(selected)
    rim = (box["x"] + box["width"], box["y"] + box["height"] / 2)
    viewer.drag(rim, (rim[0] + 15, rim[1]))
    grown = viewer.findings()[selected]
    assert grown["diameter_mm"] > moved["diameter_mm"]
    assert grown["state"] == "edited"
    viewer.page.keyboard.press("Escape")
    viewer.wait("mode", "read")


def test_a_finding_is_added_and_rejected_and_undone(viewer: Viewer) -> None:
    page = viewer.page
    before = viewer.findings()
    page.keyboard.press("d")
    viewer.wait("mode", "add")
    viewer.drag((350, 300), (370, 300))
    [added] = viewer.findings().keys() - before.keys()
    assert viewer.findings()[added]["source"] == "reader"
    page.keyboard.press("Escape")
    viewer.wait("mode", "read")
    page.click(f'[data-finding="{added}"]')
    viewer.press("r")
    version = viewer.tells("version")
    page.click('[data-reason="vessel"]')
    viewer.saved_after(version)
    assert viewer.findings()[added]["state"] == "rejected"
    assert viewer.findings()[added]["reason"]
    viewer.press("u")
    assert viewer.findings()[added]["reason"] == "", "the reason was an event of its own"
    viewer.press("u")
    assert viewer.findings()[added]["state"] == "added"


def test_everything_is_there_after_a_reload(viewer: Viewer) -> None:
    before, version = viewer.findings(), viewer.tells("version")
    viewer.page.reload()
    viewer.wait("version", version)
    assert viewer.findings() == before
    shown = viewer.page.locator("[data-finding]")
    assert shown.count() == len(before)
    for uid, finding in before.items():
        card = viewer.page.locator(f'[data-finding="{uid}"]')
        assert card.get_attribute("data-state") == finding["state"]


def test_signing_closes_the_reading_and_reopening_needs_a_reason(viewer: Viewer) -> None:
    page, version = viewer.page, viewer.tells("version")
    page.keyboard.press("s")
    page.click('[data-action="confirm_sign"]')
    viewer.saved_after(version)
    viewer.wait("signed", "true")
    version = viewer.tells("version")
    page.keyboard.press("r")
    page.wait_for_selector('[role="status"]:has-text("signed")')
    assert (viewer.tells("version"), viewer.tells("saving")) == (version, "saved")
    page.click('[data-action="reopen"]')
    page.locator("dialog[open] :is(textarea, input)").fill("second look at the apex")
    page.click('[data-action="confirm_reopen"]')
    viewer.wait("signed", "false")
    version = viewer.tells("version")
    page.keyboard.press("s")
    page.click('[data-action="confirm_sign"]')
    viewer.saved_after(version)
    viewer.wait("signed", "true")


def test_the_worklist_shows_it_signed(viewer: Viewer) -> None:
    page, findings = viewer.page, viewer.findings().values()
    page.goto("/".join(page.url.split("/")[:3]))
    page.wait_for_selector(f'tr{ROW}[data-state="signed"]')
    kept = [finding for finding in findings if finding["state"] != "rejected"]
    cells = page.locator(f"tr{ROW} td.number").all_inner_texts()
    assert cells[1] == str(len(kept))
    highest = max(f["malignancy"] for f in kept if f["malignancy"] is not None)
    assert cells[2] == f"{highest:.2f}"
