"""Every action has a key, a button that is seen, and a name; the window is typed and kept."""

import pytest
from playwright.sync_api import Page

from lungcore.language import area
from tests.browser.reading import Viewer, open_when_ready

TEXTS = area("viewer", "en")
# The key that the table gives each action, and what it is called.
TABLE = """async () => { const { name } = performance.getEntriesByType('resource')
      .find(({ name }) => /assets\\/[0-9a-f]+\\/main\\.js$/.test(name));
    const { KEYS, KEY_CAPS, CONTROL_KEYS } = await import(name.replace('main.js', 'keys.js'));
    return { keyed: [...Object.values(KEYS), ...Object.values(CONTROL_KEYS)], caps: KEY_CAPS }; }"""
# What shows only while it is of use: the keys that lead there, from a reading with a finding.
STAGES = {
    "brush": ("b", {"brush_smaller", "brush_larger"}),
    "slab": ("6", {"slab_thinner", "slab_thicker"}),
}
# Shown with a prior, a study behind this one, once signed, signed out, changed elsewhere, with
# rulers, an outline.
ELSEWHERE = {
    *("compare", "next_study", "reopen", "retry", "merge"),
    *("clear_rulers", "as_ellipsoid"),
}


@pytest.fixture(scope="module")
def viewer(page: Page) -> Viewer:
    page.click('[data-action="phantom"]')
    viewer = open_when_ready(page, "[data-series]")
    viewer.next_finding()
    return viewer


def seen(viewer: Viewer) -> set[str]:
    """The actions that have a button on the screen: whole, within the window, and on top."""
    buttons = viewer.page.locator(".lungviewer [data-action]").all()
    return {
        button.get_attribute("data-action") or ""
        for button in buttons
        if button.is_visible() and button.evaluate(ON_TOP)
    }


ON_TOP = """node => { const { left, top, width, height } = node.getBoundingClientRect();
    const hit = document.elementFromPoint(left + width / 2, top + height / 2);
    return left >= 0 && left + width <= innerWidth && top + height <= innerHeight &&
      node.contains(hit); }"""


def test_every_action_has_a_key_a_button_and_a_name(viewer: Viewer) -> None:
    page = viewer.page
    table = page.evaluate(TABLE)
    actions = set(table["caps"])
    assert actions == set(table["keyed"])
    found = seen(viewer)
    for key, only in STAGES.values():
        assert not only & found
        page.keyboard.press(key)
        page.wait_for_selector(f'[data-action="{min(only)}"]')
        found |= seen(viewer)
    page.keyboard.press("Escape")
    for _ in range(3):
        page.keyboard.press("6")
    viewer.wait("slab", "none")
    assert actions - found == ELSEWHERE
    for action in found & actions:
        label = TEXTS[f"action_{action}"]
        button = page.locator(f'.lungviewer [data-action="{action}"]').first
        assert table["caps"][action] in (button.get_attribute("title") or ""), action
        named = page.get_by_role("button", name=label, exact=True, include_hidden=True)
        assert action in named.evaluate_all("all => all.map((one) => one.dataset.action)")


def test_help_tells_every_key(viewer: Viewer) -> None:
    page = viewer.page
    page.keyboard.press("?")
    page.wait_for_selector('[data-dialog="help"][open]')
    told = page.locator('[data-dialog="help"] dd').all_inner_texts()
    actions = page.evaluate(TABLE)["caps"]
    assert {TEXTS[f"action_{action}"] for action in actions} <= set(told)
    page.keyboard.press("Escape")
    page.wait_for_selector('[data-dialog="help"]', state="hidden")


def test_rulers_are_cleared_by_a_button(viewer: Viewer) -> None:
    page = viewer.page
    page.keyboard.press("m")
    viewer.wait("mode", "ruler")
    page.mouse.move(200, 300)
    page.mouse.down()
    page.mouse.move(260, 300, steps=3)
    page.mouse.up()
    page.click('[data-action="clear_rulers"]')
    page.wait_for_selector(".lv-ruler", state="detached")
    page.click('[data-action="escape"]')
    viewer.wait("mode", "read")


def test_slices_are_stepped_and_panned_by_buttons(viewer: Viewer) -> None:
    page = viewer.page
    page.click('[data-action="first_slice"]')
    viewer.wait("slice", "1")
    for action, slice_ in {"page_on": "11", "slice_on": "12", "slice_back": "11"}.items():
        page.click(f'[data-action="{action}"]')
        viewer.wait("slice", slice_)
    page.click('[data-action="page_back"]')
    viewer.wait("slice", "1")
    page.click('[data-action="last_slice"]')
    viewer.wait("slice", viewer.tells("slices"))
    left = "document.querySelector('.lv-image').getBoundingClientRect().left"
    before = page.evaluate(left)
    page.click('[data-action="pan_right"]')
    page.wait_for_function(f"before => {left} < before", arg=before)
    page.click('[data-action="pan_left"]')
    page.wait_for_function(f"before => {left} === before", arg=before)


def test_a_window_is_typed_and_kept_for_its_digit(viewer: Viewer) -> None:
    page = viewer.page
    page.keyboard.press("1")
    page.keyboard.press("Shift+W")
    viewer.wait("form", "window")
    form = page.get_by_role("form", name="Type a window")
    center, width = form.get_by_label("Centre"), form.get_by_label("Width")
    assert (center.input_value(), width.input_value()) == ("-600", "1500")
    page.keyboard.type("-450")
    page.keyboard.press("Tab")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    assert width.evaluate("node => node.validationMessage") == (
        "A whole number from 1 to 8000 HU"
    ), "a window of no width is refused"
    assert viewer.tells("window") == "-600/1500"
    width.fill("900")
    page.keyboard.press("Enter")
    viewer.wait("window", "-450/900")
    assert form.count() == 0
    page.keyboard.press("2")
    viewer.wait("window", "40/400")
    page.keyboard.press("5")
    viewer.wait("window", "-450/900")
    page.reload()
    viewer.wait_loaded()
    page.keyboard.press("5")
    viewer.wait("window", "-450/900")
    page.click('[data-action="window_type"]')
    viewer.wait("form", "window")
    page.keyboard.press("Escape")
    viewer.wait("form", "")
    assert viewer.root.evaluate("node => node === document.activeElement")


def test_a_window_set_by_drag_is_kept_too(viewer: Viewer) -> None:
    page = viewer.page
    page.keyboard.press("1")
    viewer.wait("window", "-600/1500")
    page.mouse.move(300, 300)
    page.mouse.down(button="right")
    page.mouse.move(340, 310, steps=4)
    page.mouse.up(button="right")
    dragged = viewer.tells("window")
    assert dragged != "-600/1500"
    page.reload()
    viewer.wait_loaded()
    page.keyboard.press("5")
    viewer.wait("window", dragged)


def test_a_key_leads_to_the_filter_and_letters_act_from_there(viewer: Viewer) -> None:
    page = viewer.page
    every = page.locator("[data-finding]").count()
    page.keyboard.press("Shift+P")
    viewer.wait("form", "filter")
    page.keyboard.press("End")
    page.wait_for_function("n => document.querySelectorAll('[data-finding]').length < n", arg=every)
    page.keyboard.press("Home")
    page.wait_for_function(
        "n => document.querySelectorAll('[data-finding]').length === n", arg=every
    )
    number = viewer.tells("slice")
    page.keyboard.press("2")
    viewer.wait("window", "40/400")
    assert viewer.tells("slice") == number, "arrows and ends are the slider's"
    page.keyboard.press("Escape")
    viewer.wait("form", "")
    page.keyboard.press("Home")
    viewer.wait("slice", "1")
