"""Three linked panes, slabs, layers, cine, filter, themes and fingers, on the phantom."""

from collections.abc import Callable

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from lungcore import settings
from lungcore.records.pixels import PixelStore
from tests.browser.reading import Viewer, middle, open_when_ready, origin
from tests.browser.serving import Server

LUNG = (-600, 1500)
SLAB_MM = 10  # as thick as slabs begin
# The grey of a pane's canvas, one pixel a voxel, as (height, width).
GREYS = """name => { const canvas = document.querySelector(`[data-pane=${name}] .lv-image`);
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    return { width, height, greys: Array.from(data.filter((_, i) => i % 4 === 0)) }; }"""
COLOURS = """() => { const canvas = document.querySelector('[data-pane=axial] .lv-image');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) count += data[i] !== data[i + 1];
    return count; }"""


@pytest.fixture(scope="module")
def viewer(page: Page) -> Viewer:
    page.click('[data-action="phantom"]')
    return open_when_ready(page, "[data-series]")


@pytest.fixture(scope="module")
def hu(viewer: Viewer, server: Server) -> np.ndarray:
    """The volume as it is stored."""
    home = settings.load({"LUNGCORE_HOME": str(server.home)})
    return PixelStore(home.storage).read(viewer.tells("series")).hu


def stored_slice(viewer: Viewer, pane: str) -> int:
    """The index of the slice that a pane shows: the phantom is stored from the feet on."""
    node = viewer.page.locator(f"[data-pane={pane}]")
    number, count = (int(node.get_attribute(f"data-{name}") or 0) for name in ("slice", "slices"))
    return count - number if pane == "axial" else number - 1


def windowed(hu: np.ndarray, center: float, width: float) -> np.ndarray:
    """Grey by the LINEAR function of PS3.3 C.11.2.1.2.1."""
    return np.clip(((hu - (center - 0.5)) / (width - 1) + 0.5) * 255, 0, 255)


def shown(viewer: Viewer, pane: str) -> np.ndarray:
    found = viewer.page.evaluate(GREYS, pane)
    return np.reshape(found["greys"], (found["height"], found["width"]))


def of_plane(hu: np.ndarray, pane: str, index: int) -> np.ndarray:
    return np.moveaxis(hu, {"axial": 0, "coronal": 1, "sagittal": 2}[pane], 0)[index]


def settled(viewer: Viewer) -> None:
    """Let two frames pass: what was asked for is then on the screen."""
    viewer.page.evaluate(
        "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"
    )


def test_one_pane_and_three(viewer: Viewer, picture: Callable[[Page, str], None]) -> None:
    page = viewer.page
    assert viewer.tells("layout") == "one"
    assert page.locator("[data-pane]:visible").count() == 1
    page.keyboard.press("v")
    viewer.wait("layout", "three")
    assert page.locator("[data-pane]:visible").count() == 3
    viewer.next_finding()
    picture(page, "panes")


@pytest.mark.parametrize("pane", ["axial", "coronal", "sagittal"])
def test_a_pane_shows_the_voxels_of_its_slice(viewer: Viewer, hu: np.ndarray, pane: str) -> None:
    viewer.page.keyboard.press("1")
    settled(viewer)
    wanted = windowed(of_plane(hu, pane, stored_slice(viewer, pane)).astype(float), *LUNG)
    assert np.abs(shown(viewer, pane) - wanted).max() <= 1


@pytest.mark.parametrize(
    ("pane", "edges"), [("axial", "RLAP"), ("coronal", "RLHF"), ("sagittal", "APHF")]
)
def test_the_edges_are_the_radiologists(viewer: Viewer, pane: str, edges: str) -> None:
    found = [
        viewer.page.locator(f"[data-pane={pane}] .lv-letter.lv-{edge}").inner_text()
        for edge in ("left", "right", "top", "bottom")
    ]
    assert "".join(found) == edges


def test_the_selected_finding_is_in_every_pane_at_the_crosshair(viewer: Viewer) -> None:
    selected = viewer.tells("selected-finding")
    for pane in ("axial", "coronal", "sagittal"):
        stage = viewer.page.locator(f"[data-pane={pane}]")
        box = stage.locator(f'[data-mark="{selected}"] circle').first.bounding_box()
        lines = [stage.locator(f".lv-cross.lv-{way}").bounding_box() for way in ("down", "across")]
        assert box and lines[0] and lines[1]
        assert middle(dict(box)) == pytest.approx((lines[0]["x"], lines[1]["y"]), abs=1.5)


def test_a_click_points_the_other_panes_there(viewer: Viewer) -> None:
    box = viewer.page.locator("[data-pane=axial] .lv-stage").bounding_box()
    assert box
    before = [stored_slice(viewer, pane) for pane in ("axial", "coronal", "sagittal")]
    viewer.page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.3)
    settled(viewer)
    after = [stored_slice(viewer, pane) for pane in ("axial", "coronal", "sagittal")]
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert after[2] != before[2]


def test_the_wheel_scrolls_the_pane_under_it(viewer: Viewer) -> None:
    axial, coronal = viewer.tells("slice"), stored_slice(viewer, "coronal")
    box = viewer.page.locator("[data-pane=coronal] .lv-stage").bounding_box()
    assert box
    viewer.page.mouse.move(*middle(dict(box)))
    viewer.page.mouse.wheel(0, 100)
    viewer.page.wait_for_selector(f'[data-pane=coronal][data-slice="{coronal + 2}"]')
    assert viewer.tells("slice") == axial


def test_a_key_makes_another_pane_large(viewer: Viewer) -> None:
    viewer.page.keyboard.press("q")
    viewer.wait("main", "coronal")
    widths = {
        pane: (viewer.page.locator(f"[data-pane={pane}]").bounding_box() or {})["width"]
        for pane in ("axial", "coronal")
    }
    assert widths["coronal"] > 1.8 * widths["axial"]
    for pane in ("sagittal", "axial"):
        viewer.page.keyboard.press("q")
        viewer.wait("main", pane)


@pytest.mark.parametrize(
    ("kind", "reduce"), [("mip", np.max), ("mean", np.mean), ("minip", np.min)]
)
def test_a_slab_is_that_of_numpy(viewer: Viewer, hu: np.ndarray, kind: str, reduce) -> None:
    viewer.page.keyboard.press("6")
    viewer.wait("slab", kind)
    settled(viewer)
    answer = viewer.page.request.get(f"{origin(viewer.page)}/api/series/{viewer.tells('series')}")
    count = round(SLAB_MM / answer.json()["series"]["spacing_mm"][2])
    first = stored_slice(viewer, "sagittal") - (count - 1) // 2
    planes = hu[:, :, first : first + count].astype(float)
    # HU are whole numbers, halves up.
    wanted = windowed(np.floor(reduce(planes, axis=2) + 0.5), *LUNG)
    assert np.abs(shown(viewer, "sagittal") - wanted).max() <= 1


def test_layers_colour_the_slice_and_one_key_hides_them(viewer: Viewer) -> None:
    page = viewer.page
    page.keyboard.press("6")
    viewer.wait("slab", "none")
    assert page.evaluate(COLOURS) == 0
    page.keyboard.press("7")
    page.wait_for_function(f"() => ({COLOURS})() > 1000")
    page.keyboard.press("h")
    page.wait_for_function(f"() => ({COLOURS})() === 0")
    page.keyboard.press("h")
    page.wait_for_function(f"() => ({COLOURS})() > 1000")
    page.keyboard.press("7")
    page.wait_for_function(f"() => ({COLOURS})() === 0")


def test_shift_and_an_arrow_look_further_there(viewer: Viewer) -> None:
    image, page = viewer.page.locator("[data-pane=axial] .lv-image"), viewer.page
    before, number = image.bounding_box(), viewer.tells("slice")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    settled(viewer)
    after = image.bounding_box()
    assert before and after
    assert after["x"] < before["x"]
    assert after["y"] < before["y"]
    page.keyboard.press("f")
    settled(viewer)
    assert image.bounding_box() == before
    assert viewer.tells("slice") == number


def test_cine_plays_and_stops(viewer: Viewer) -> None:
    number = viewer.tells("slice")
    viewer.page.keyboard.press("c")
    viewer.page.wait_for_function(
        "n => document.querySelector('[data-lungviewer]').dataset.slice !== n", arg=number
    )
    viewer.page.keyboard.press("c")
    viewer.wait("cine", "false")


def test_the_filter_hides_what_is_less_probable(viewer: Viewer) -> None:
    slider = viewer.page.locator('input[name="least"]')
    every = viewer.page.locator("[data-finding]").count()
    slider.fill("1")
    viewer.page.wait_for_function(
        "n => document.querySelectorAll('[data-finding]').length < n", arg=every
    )
    slider.fill("0")
    viewer.page.wait_for_function(
        "n => document.querySelectorAll('[data-finding]').length === n", arg=every
    )
    viewer.root.focus()


def test_the_theme_is_remembered(viewer: Viewer, picture: Callable[[Page, str], None]) -> None:
    page = viewer.page
    page.keyboard.press("l")
    viewer.wait("theme", "light")
    picture(page, "review-light")
    page.reload()
    viewer.wait("theme", "light")
    viewer.wait_loaded()
    page.keyboard.press("l")
    viewer.wait("theme", "dark")


def test_fingers_scroll_and_zoom(chromium: Browser, viewer: Viewer) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 720}, has_touch=True)
    context.add_cookies(viewer.page.context.cookies())
    page = context.new_page()
    page.goto(viewer.page.url)
    touched = Viewer(page)
    touched.wait_loaded()
    session = context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        sent = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": sent})

    page.keyboard.press("Home")
    touched.wait("slice", "1")
    touch("touchStart", (400, 300))
    touch("touchMove", (400, 320))
    touch("touchEnd")
    touched.wait("slice", "5")
    image = page.locator("[data-pane=axial] .lv-image")
    before = image.bounding_box()
    touch("touchStart", (350, 300), (450, 300))
    touch("touchMove", (300, 300), (500, 300))
    touch("touchEnd")
    settled(touched)
    after = image.bounding_box()
    assert before and after
    assert after["width"] == pytest.approx(2 * before["width"], rel=0.01)
    assert touched.tells("slice") == "5", "two fingers do not scroll"
    context.close()
