"""A round with a hidden reference case: made, read without a hint, and its reader's score seen."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from lungcore.jobs.importing import import_phantom
from lungcore.jobs.labelling import import_labels
from lungcore.settings import Settings, load
from tests.browser.reading import (
    ROOT,
    Viewer,
    add_mark,
    add_readers,
    origin,
    signed_in,
    take_next,
)
from tests.browser.serving import Server

HEADING = "seriesuid,reader,coordX,coordY,coordZ,diameter_mm,malignancy\n"
ANSWER = "consensus of four"


@pytest.fixture(scope="module")
def settings(server: Server) -> Settings:
    return load({"LUNGCORE_HOME": str(server.home)})


@pytest.fixture(scope="module")
def series(page: Page, settings: Settings) -> list[str]:
    """Two phantoms: one to read, and one with an answer."""
    return [import_phantom(settings, seed=n, slices=24).series[0].series_uid for n in (1, 2)]


@pytest.fixture(scope="module")
def size_mm(page: Page, server: Server, series: list[str], tmp_path_factory, settings) -> float:
    """The answer lies where a drag on the screen marks, and is 3 mm larger; the mark's diameter.

    A second nodule of it lies elsewhere.
    """
    page.goto(f"{server.address}review?series={series[1]}")
    page.wait_for_selector(f"{ROOT}[data-slices]")
    viewer = Viewer(page)
    viewer.wait_loaded()
    uid = add_mark(viewer, 0)
    mark = viewer.findings()[uid]
    size_mm = mark["diameter_mm"]
    x, y, z = mark["center_mm"]
    places = ((x, y, z, size_mm + 3), (x + 150, y, z, 8))
    rows = [f"{series[1]},{ANSWER},{a},{b},{c},{d},4\n" for a, b, c, d in places]
    path: Path = tmp_path_factory.mktemp("labels") / "consensus.csv"
    path.write_text(HEADING + "".join(rows))
    import_labels(path, settings)
    return float(size_mm)


@pytest.fixture(scope="module")
def made(page: Page, server: Server, series: list[str], size_mm: float) -> None:
    """The round, made on its page."""
    add_readers(server, {"ann": "Dr Ann"})
    page.goto(f"{server.address}rounds")
    page.get_by_label("Name", exact=True).fill("With references")
    page.keyboard.press("Tab")
    page.get_by_label("Readers", exact=True).click()
    page.get_by_role("option", name="Dr Ann").click()
    page.keyboard.press("Escape")
    page.mouse.move(2, 400)  # off the help that the list lay over
    page.get_by_text("Hide the machine's findings too").click()
    page.get_by_label("Hidden reference cases: answers of", exact=True).click()
    page.get_by_role("option", name=ANSWER).click()
    page.get_by_label("Reference cases", exact=True).click()
    page.get_by_role("option", name="2 nodules").click()
    page.keyboard.press("Escape")
    page.mouse.move(2, 400)
    page.get_by_role("button", name="Make a round").click()
    page.get_by_text("is made").wait_for()


@pytest.fixture(scope="module")
def ann(chromium: Browser, server: Server, made: None) -> Iterator[Page]:
    window = signed_in(chromium, server, "ann")
    yield window
    window.context.close()


def test_the_priority_is_changed(page: Page, server: Server, made: None) -> None:
    page.goto(f"{server.address}rounds")
    page.get_by_label("Round", exact=True).click()
    page.get_by_role("option", name="With references").click()
    page.get_by_role("radio", name="urgent").last.click()
    page.get_by_role("button", name="Set the priority").click()
    page.locator("td", has_text="urgent").first.wait_for(state="attached")


def test_a_reference_case_is_read_as_any_other(
    ann: Page, server: Server, series: list[str]
) -> None:
    read = []
    for _ in series:
        viewer = take_next(ann, server)
        read.append(viewer.tells("series"))
        text = ann.request.get(f"{origin(ann)}/api/series/{read[-1]}").text()
        assert ANSWER not in text and ANSWER not in (ann.text_content("body") or "")
        assert viewer.findings() == {}
        add_mark(viewer, 0)
        ann.keyboard.press("s")
        ann.click('[data-action="confirm_sign"]')
        viewer.wait("signed", "true")
    assert sorted(read) == sorted(series)


def test_the_score_is_shown_to_who_made_the_round(
    page: Page, server: Server, ann: Page, size_mm: float, picture: Callable[[Page, str], None]
) -> None:
    page.goto(f"{server.address}agreement")
    page.get_by_role("radio", name="Readers on reference cases").click()
    for told in ("Dr Ann (ann)", "1 / 2", "0.50 (0.09, 0.91)", "3.00"):
        page.locator("td", has_text=told).first.wait_for(state="attached")
    page.locator(".js-plotly-plot .scatterlayer .point").first.wait_for()
    picture(page, "references")
    page.get_by_role("radio", name="Readers with each other").click()
    page.get_by_role("tab", name="Over time").click()
    page.locator(".js-plotly-plot .scatterlayer .point").filter(visible=True).first.wait_for()
