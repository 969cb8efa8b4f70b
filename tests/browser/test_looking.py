"""The magnifier, and the labels of findings that lie close together, on the phantom."""

import uuid
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page
from scipy.ndimage import map_coordinates

from lungcore import settings
from lungcore.records.pixels import PixelStore
from tests.browser.reading import Viewer, open_when_ready, origin
from tests.browser.serving import Server

CENTER, WIDTH = 0, 4000  # wide, so that roundings do not tell
NEAR_EDGE = 0.15  # of a voxel: there the nearest one is a matter of rounding
STEPS = 16  # a pixel, to which a canvas places what it draws smoothly
LENS = 220  # CSS pixels, three times as large as the slice
TIMES = 3
CLOSE = 12
GREYS = """() => { const lens = document.querySelector('[data-pane=axial] .lv-lens');
    const { width, height } = lens;
    const { data } = lens.getContext('2d').getImageData(0, 0, width, height);
    return { width, height, greys: Array.from(data.filter((_, i) => i % 4 === 0)) }; }"""
# The boxes of the labels of each pane, as they are on the screen.
LABELS = """() => [...document.querySelectorAll('[data-pane]')].map((pane) => {
    const stage = pane.querySelector('.lv-stage').getBoundingClientRect();
    const labels = [...pane.querySelectorAll('.lv-overlay g[data-mark] > text')].map((text) => {
      const { left, top, right, bottom } = text.getBoundingClientRect();
      return [left - stage.left, top - stage.top, right - stage.left, bottom - stage.top]; });
    return { width: stage.width, height: stage.height, labels }; })"""


@pytest.fixture(scope="module")
def viewer(page: Page) -> Viewer:
    page.click('[data-action="phantom"]')
    return open_when_ready(page, "[data-series]")


@pytest.fixture(scope="module")
def hu(viewer: Viewer, server: Server) -> np.ndarray:
    """The volume as it is stored."""
    home = settings.load({"LUNGCORE_HOME": str(server.home)})
    return PixelStore(home.storage).read(viewer.tells("series")).hu


def lens_at(viewer: Viewer, x: float, y: float) -> np.ndarray:
    """The greys under the magnifier with the mouse there."""
    viewer.page.mouse.move(x, y)
    viewer.page.wait_for_selector("[data-pane=axial] .lv-lens:not([hidden])")
    viewer.page.evaluate(
        "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
    )
    found = viewer.page.evaluate(GREYS)
    return np.reshape(found["greys"], (found["height"], found["width"])).astype(float)


@pytest.mark.parametrize(("smooth", "order"), [("true", 1), ("false", 0)])
def test_the_magnifier_enlarges_the_slice_under_the_pointer(
    viewer: Viewer, hu: np.ndarray, smooth: str, order: int
) -> None:
    page = viewer.page
    image = page.locator("[data-pane=axial] .lv-image")
    if image.get_attribute("data-smooth") != smooth:
        page.keyboard.press("i")
        page.wait_for_selector(f'[data-pane=axial] .lv-image[data-smooth="{smooth}"]')
    viewer.type_window(CENTER, WIDTH)
    page.keyboard.press("z")
    box = image.bounding_box()
    assert box
    x, y = round(box["x"] + 0.35 * box["width"]), round(box["y"] + 0.45 * box["height"])
    greys = lens_at(viewer, x, y)
    slice_ = hu.shape[0] - int(viewer.tells("slice"))
    scale = box["width"] / hu.shape[2]
    steps = (np.arange(LENS) + 0.5 - LENS / 2) / TIMES
    rows = (y - box["y"] + steps) / scale - 0.5
    columns = (x - box["x"] + steps) / scale - 0.5
    levels = np.clip(((hu[slice_] - (CENTER - 0.5)) / (WIDTH - 1) + 0.5) * 255, 0, 255).round()
    at = np.array(np.meshgrid(rows, columns, indexing="ij"))
    near = np.abs(at % 1 - 0.5) < NEAR_EDGE
    if order:
        at, near = np.floor(at * STEPS) / STEPS, near & False
    wanted = map_coordinates(levels, at, order=order, mode="nearest")
    difference = np.abs(greys - wanted)[~near.any(axis=0)]
    assert difference.size > 10_000
    assert difference.max() <= 1
    assert greys.std() > 3, "there is something to see"
    page.keyboard.press("z")
    page.wait_for_selector("[data-pane=axial] .lv-lens", state="hidden")


def test_the_magnifier_has_a_button_and_leaves_with_the_pointer(viewer: Viewer) -> None:
    page = viewer.page
    page.click('[data-action="lens"]')
    page.mouse.move(300, 300)
    page.wait_for_selector("[data-pane=axial] .lv-lens:not([hidden])")
    lens = page.locator("[data-pane=axial] .lv-lens").bounding_box()
    assert lens
    assert (lens["x"] + LENS / 2, lens["y"] + LENS / 2) == pytest.approx((300, 300), abs=1)
    page.mouse.move(1200, 300)  # over the findings
    page.wait_for_selector("[data-pane=axial] .lv-lens", state="hidden")
    page.click('[data-action="lens"]')


def add_close_findings(page: Page, api: str) -> None:
    """Findings of a reader around the one that is looked at, some mm apart."""
    answer: dict[str, Any] = page.request.get(api).json()
    first = np.array(answer["findings"][0]["center_mm"])
    random = np.random.default_rng(3)
    for _ in range(CLOSE):
        center_mm = (first + random.uniform(-6, 6, 3)).tolist()
        payload = {"finding_uid": uid(), "center_mm": center_mm, "diameter_mm": 9.0}
        event = {"event_uid": uid(), "kind": "add", "payload": payload}
        reading = {name: answer["reading"][name] for name in ("reading_id", "version")}
        answer = page.request.post(f"{api}/events", data=event | reading).json()


def uid() -> str:
    return f"2.25.{uuid.uuid4().int}"


def test_labels_of_close_findings_do_not_cover_each_other(viewer: Viewer) -> None:
    page = viewer.page
    add_close_findings(page, f"{origin(page)}/api/series/{viewer.tells('series')}")
    page.reload()
    viewer.wait_loaded()
    page.keyboard.press("v")
    viewer.wait("layout", "three")
    page.keyboard.press("Escape")
    viewer.next_finding()
    panes = page.evaluate(LABELS)
    assert len(panes) == 3
    for pane in panes:
        boxes = np.array(pane["labels"])
        assert len(boxes) >= CLOSE / 2, "the findings lie close together"
        for i, (left, top, right, bottom) in enumerate(boxes):
            assert left >= 0
            assert right <= pane["width"]
            others = boxes[:i]
            # Boxes of letters stand over their lines by a pixel or two that hold no ink.
            apart = (others[:, 0] >= right) | (others[:, 2] <= left)
            apart |= (others[:, 1] >= bottom - 2) | (others[:, 3] <= top + 2)
            assert apart.all()
    assert page.locator(".lv-leader").count() > 0


def test_an_address_names_the_place_to_begin_at(viewer: Viewer, server: Server) -> None:
    """Of a finding that is not the first one; of no place, the first one."""
    uid = viewer.tells("series")
    series = viewer.page.request.get(f"{origin(viewer.page)}/api/series/{uid}").json()["series"]
    affine = np.array(series["affine"]).reshape(4, 4)
    x, y, z = (affine @ (9, 200, 300, 1))[:3]
    viewer.page.goto(f"{server.address}review?series={uid}&at={x:.1f},{y:.1f},{z:.1f}")
    viewer.wait("slice", str(series["slices"] - 9))  # the first one is the lowest
    assert viewer.tells("selected-finding") == ""
    viewer.page.goto(f"{server.address}review?series={uid}&at=somewhere,else,nan")
    viewer.page.wait_for_selector('[data-lungviewer]:not([data-selected-finding=""])')
