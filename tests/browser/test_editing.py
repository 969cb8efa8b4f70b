"""Findings are drawn, outlined and measured on the panes, by a person's mouse and keys."""

import math
from typing import Any

import pytest
from playwright.sync_api import Page

from lungcore.imaging.phantom import Nodule, thorax
from tests.browser.reading import Viewer, middle, open_when_ready

EMPTY_LUNG = (70, 250, 150)  # (slice, row, column) in the phantom, far from its nodules


@pytest.fixture(scope="module")
def viewer(page: Page) -> Viewer:
    page.click('[data-action="phantom"]')
    return open_when_ready(page, "[data-series]")


@pytest.fixture(scope="module")
def truth() -> tuple[tuple[Nodule, tuple[int, int, int]], ...]:
    """The phantom's nodules, and the voxel in the middle of each."""
    phantom = thorax()
    indices = [phantom.volume.to_index(nodule.center_mm).round() for nodule in phantom.nodules]
    voxels = [(int(i[0]), int(i[1]), int(i[2])) for i in indices]
    return tuple(zip(phantom.nodules, voxels, strict=True))


def go_to(viewer: Viewer, index: tuple[int, int, int]) -> tuple[float, float]:
    """Show a voxel's axial slice, by keys; where the voxel lies on the screen."""
    page = viewer.page
    number = int(viewer.tells("slices")) - index[0]  # the last slice is nearest to the head
    page.keyboard.press("Home")
    for _ in range((number - 1) // 10):
        page.keyboard.press("PageDown")
    for _ in range((number - 1) % 10):
        page.keyboard.press("ArrowDown")
    viewer.wait("slice", str(number))
    box = page.locator('[data-pane="axial"] canvas.lv-image').bounding_box()
    assert box is not None
    x, y = ((i + 0.5) / 512 for i in (index[2], index[1]))
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def enter(viewer: Viewer, key: str, mode: str) -> None:
    if viewer.tells("mode") != "read":
        viewer.page.keyboard.press("Escape")
    viewer.page.keyboard.press(key)
    viewer.wait("mode", mode)


def press_saved(viewer: Viewer, key: str) -> None:
    version = viewer.tells("version")
    viewer.page.keyboard.press(key)
    viewer.saved_after(version)


def selected(viewer: Viewer) -> dict[str, Any]:
    return viewer.findings()[viewer.tells("selected-finding")]


def added(viewer: Viewer, before: dict[str, Any]) -> dict[str, Any]:
    [uid] = viewer.findings().keys() - before.keys()
    return viewer.findings()[uid]


def test_an_ellipsoid_is_placed_and_one_axis_resized_on_a_coronal_pane(viewer: Viewer) -> None:
    page, before = viewer.page, viewer.findings()
    x, y = go_to(viewer, EMPTY_LUNG)
    enter(viewer, "d", "add")
    viewer.drag((x, y), (x + 30, y))
    placed = added(viewer, before)
    assert placed["axes_mm"] is None
    assert placed["diameter_mm"] > 8
    page.keyboard.press("v")
    viewer.wait("layout", "three")
    enter(viewer, "e", "edit")
    uid = placed["finding_uid"]
    mark = f'[data-pane="coronal"] [data-mark="{uid}"]'
    page.wait_for_selector(f'{mark} [data-handle="down"]', state="attached")
    handle = middle(page.locator(f'{mark} [data-handle="down"]').first.bounding_box())
    viewer.drag(handle, (handle[0], handle[1] + 12))
    resized = viewer.findings()[uid]
    across, deep, high = resized["axes_mm"]
    assert across == deep == placed["diameter_mm"]
    assert high > placed["diameter_mm"] + 1
    assert resized["center_mm"] == placed["center_mm"]
    volume = math.pi / 6 * across * deep * high
    assert resized["measured"]["volume_mm3"] == pytest.approx(volume, rel=0.001)
    page.keyboard.press("Escape")
    page.keyboard.press("v")
    viewer.wait("layout", "one")


def test_one_click_outlines_a_nodule(viewer: Viewer, truth: Any) -> None:
    nodule, index = next(pair for pair in truth if pair[0].kind == "solid")
    point = go_to(viewer, index)
    enter(viewer, "g", "grow")
    version = viewer.tells("version")
    viewer.page.mouse.click(*point)
    viewer.saved_after(version)
    found = selected(viewer)
    assert found["mask"] is not None
    assert math.dist(found["center_mm"], nodule.center_mm) < 1
    exact = math.pi / 6 * nodule.diameter_mm**3
    assert found["measured"]["volume_mm3"] == pytest.approx(exact, rel=0.1)
    assert found["diameter_mm"] == pytest.approx(nodule.diameter_mm, abs=1)
    outline = f'[data-mark="{found["finding_uid"]}"] path'
    assert viewer.page.locator(outline).first.bounding_box()["width"] > 10


def test_an_outline_becomes_an_ellipsoid_with_handles_and_comes_back(viewer: Viewer) -> None:
    page, outlined = viewer.page, selected(viewer)
    assert outlined["mask"]
    enter(viewer, "e", "edit")
    assert page.locator("[data-handle]").count() == 0
    version = viewer.tells("version")
    page.get_by_role("button", name="Outline as an ellipsoid").click()
    viewer.saved_after(version)
    ellipsoid = selected(viewer)
    assert ellipsoid["mask"] is None
    assert ellipsoid["measured"]["volume_mm3"] == pytest.approx(
        outlined["measured"]["volume_mm3"], rel=0.05
    )
    assert math.dist(ellipsoid["center_mm"], outlined["center_mm"]) < 0.1
    assert viewer.tells("mode") == "edit"
    handle = middle(page.locator('[data-handle="across"]').first.bounding_box())
    viewer.drag(handle, (handle[0] + 10, handle[1]))
    assert selected(viewer)["axes_mm"][0] > ellipsoid["axes_mm"][0] + 1
    assert selected(viewer)["axes_mm"][1:] == ellipsoid["axes_mm"][1:]
    press_saved(viewer, "u")
    press_saved(viewer, "u")
    assert selected(viewer) == outlined
    press_saved(viewer, "Shift+E")
    assert selected(viewer)["axes_mm"] == ellipsoid["axes_mm"]
    press_saved(viewer, "u")
    page.keyboard.press("Escape")


def test_each_stroke_is_undone_and_redone_also_after_a_reload(viewer: Viewer) -> None:
    page = viewer.page
    grown = selected(viewer)
    enter(viewer, "b", "brush")
    x, y = middle(viewer.mark(grown["finding_uid"]))
    viewer.drag((x, y), (x + 40, y))
    painted = selected(viewer)
    assert painted["finding_uid"] == grown["finding_uid"]
    assert painted["measured"]["volume_mm3"] > grown["measured"]["volume_mm3"]
    enter(viewer, "x", "erase")
    viewer.drag((x + 40, y), (x + 25, y))
    erased = selected(viewer)
    assert erased["measured"]["volume_mm3"] < painted["measured"]["volume_mm3"]
    press_saved(viewer, "Control+z")
    assert selected(viewer) == painted
    press_saved(viewer, "u")
    assert selected(viewer) == grown
    series, version = viewer.findings(), viewer.tells("version")
    page.reload()
    viewer.wait("version", version)
    viewer.wait_loaded()
    assert viewer.findings() == series
    press_saved(viewer, "Control+Shift+z")
    assert viewer.findings()[grown["finding_uid"]] == painted
    press_saved(viewer, "Control+Shift+z")
    assert viewer.findings()[grown["finding_uid"]] == erased
    page.keyboard.press("Control+Shift+z")
    page.wait_for_selector('[role="status"]:has-text("nothing to redo")')


def test_slices_between_painted_ones_are_filled(viewer: Viewer) -> None:
    page, before = viewer.page, viewer.findings()
    slice_, row, column = EMPTY_LUNG
    start = (slice_ + 40, row, column)
    enter(viewer, "b", "brush")
    x, y = go_to(viewer, start)
    viewer.drag((x, y), (x + 4, y))
    first = added(viewer, before)
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    viewer.wait("slice", str(int(viewer.tells("slices")) - start[0] + 4))
    viewer.drag((x, y), (x + 4, y))
    two = selected(viewer)
    assert two["finding_uid"] == first["finding_uid"]
    press_saved(viewer, "j")
    filled = selected(viewer)["measured"]["volume_mm3"]
    assert filled == pytest.approx(5 * first["measured"]["volume_mm3"], rel=0.05)


def test_a_ball_paints_on_several_slices(viewer: Viewer) -> None:
    before = viewer.findings()
    x, y = go_to(viewer, (EMPTY_LUNG[0] + 20, *EMPTY_LUNG[1:]))
    enter(viewer, "b", "brush")
    viewer.page.keyboard.press("t")
    viewer.page.keyboard.press("]")
    version = viewer.tells("version")
    viewer.page.mouse.click(x, y)
    viewer.saved_after(version)
    ball = added(viewer, before)["measured"]
    assert ball["volume_mm3"] == pytest.approx(math.pi / 6 * 8**3, rel=0.15)
    viewer.page.keyboard.press("t")


def test_calipers_are_dragged(viewer: Viewer) -> None:
    page = viewer.page
    enter(viewer, "k", "calipers")
    before = selected(viewer)["measured"]
    page.wait_for_selector("[data-end]", state="attached")
    x, y = middle(page.locator('[data-pane="axial"] [data-end="1"]').bounding_box())
    ends = [
        middle(page.locator(f'[data-pane="axial"] [data-end="{i}"]').bounding_box()) for i in (0, 1)
    ]
    (ax, ay), (bx, by) = ends
    viewer.drag((x, y), (bx + (bx - ax), by + (by - ay)))
    after = selected(viewer)
    assert after["measured"]["long_mm"] == pytest.approx(2 * before["long_mm"], rel=0.1)
    assert after["measured"]["volume_mm3"] == before["volume_mm3"]
    long_mm, short_mm = after["measured"]["long_mm"], after["measured"]["short_mm"]
    assert after["diameter_mm"] == pytest.approx((long_mm + short_mm) / 2, abs=0.06)
    assert f"mean {after['diameter_mm']:.1f} mm" in page.locator(".lv-sketch").first.text_content()


def test_a_ruler_measures_and_is_cleared(viewer: Viewer) -> None:
    page, version = viewer.page, viewer.tells("version")
    x, y = go_to(viewer, EMPTY_LUNG)
    enter(viewer, "m", "ruler")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 50, y, steps=4)
    page.mouse.up()
    canvas = page.locator('[data-pane="axial"] canvas.lv-image').bounding_box()
    mm = 50 / canvas["width"] * 360
    page.wait_for_selector(f'.lv-sketch text:has-text("{mm:.1f} mm")', state="attached")
    page.keyboard.press("Delete")
    page.wait_for_selector(".lv-ruler", state="detached")
    assert viewer.tells("version") == version, "a ruler is no mark"
    page.keyboard.press("Escape")


def test_a_stroke_on_a_reading_that_changed_elsewhere_is_told_and_can_be_dropped(
    viewer: Viewer,
) -> None:
    page = viewer.page
    other = Viewer(page.context.new_page())
    other.page.goto(page.url)
    other.wait("saving", "saved")
    other.page.keyboard.press("n")
    other.press("r")
    other.page.close()
    before = viewer.findings()
    x, y = go_to(viewer, (EMPTY_LUNG[0] - 20, *EMPTY_LUNG[1:]))
    enter(viewer, "b", "brush")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y, steps=4)
    page.mouse.up()
    dialog = page.locator('dialog[data-dialog="merge"]')
    dialog.wait_for()
    assert viewer.findings() == before
    dialog.get_by_role("button", name="Drop mine").click()
    viewer.wait("conflict", "0")
    assert viewer.findings() == before
    assert page.locator("[data-finding]").count() == len(before)
    version = viewer.tells("version")
    viewer.drag((x, y), (x + 20, y))
    assert viewer.tells("version") != version, "and the next stroke is saved"


def test_every_tool_has_a_button_with_a_name_and_its_key(viewer: Viewer) -> None:
    page = viewer.page
    keys = {"grow": "G", "brush": "B", "erase": "X", "interpolate": "J", "calipers": "K"}
    keys |= {"ruler": "M", "redo": "Y", "undo": "U", "edit": "E", "add": "D"}
    for action, key in keys.items():
        button = page.locator(f'.lv-panel [data-action="{action}"]')
        assert button.is_visible()
        assert button.get_attribute("aria-label")
        assert button.locator("kbd").inner_text() == key
    page.keyboard.press("?")
    help_ = page.locator('dialog[data-dialog="help"]')
    help_.wait_for()  # a key press may be over before the browser has acted on it
    for key in keys.values():
        assert help_.locator(f'kbd:text-is("{key}")').first.is_visible()
    page.keyboard.press("Escape")
