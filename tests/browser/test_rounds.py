"""Two readers in a blinded round, neither of whom sees the other's marks; what becomes of them."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from lungcore import settings
from lungcore.records import database, datasets
from lungcore.records.masks import MaskStore
from tests.browser.reading import (
    Viewer,
    add_mark,
    add_readers,
    open_when_ready,
    origin,
    signed_in,
    take_next,
)
from tests.browser.serving import Server

READERS = {"ann": "Dr Ann", "bob": "Dr Bob"}


@pytest.fixture(scope="module")
def readers(server: Server, page: Page) -> None:
    """Two annotators beside the first account, who makes the round."""
    add_readers(server, READERS)


@pytest.fixture(scope="module")
def made(page: Page, readers: None, server: Server) -> str:
    """A blinded round over the phantom, made on its page; the phantom's UID."""
    page.click('[data-action="phantom"]')
    uid = open_when_ready(page, "[data-series]").tells("series")
    page.goto(f"{server.address}rounds")
    page.get_by_label("Name", exact=True).fill("Second reads")
    page.keyboard.press("Tab")
    choose = page.get_by_label("Readers", exact=True)
    for name in READERS.values():
        choose.click()
        page.get_by_role("option", name=name).click()
    page.keyboard.press("Escape")
    page.get_by_text("Hide the machine's findings too").click()
    page.get_by_role("button", name="Make a round").click()
    page.get_by_text("is made").wait_for()
    return uid


@pytest.fixture(scope="module")
def windows(chromium: Browser, server: Server, made: str) -> Iterator[dict[str, Page]]:
    """A signed-in window of each reader."""
    opened = {username: signed_in(chromium, server, username) for username in READERS}
    yield opened
    for window in opened.values():
        window.context.close()


def test_two_readers_are_blind_to_each_other_and_to_the_machine(
    windows: dict[str, Page], server: Server, made: str, picture
) -> None:
    marks, viewers = {}, {}
    for place, (username, window) in enumerate(windows.items()):
        viewer = take_next(window, server)
        assert viewer.tells("series") == made
        assert viewer.findings() == {}
        assert window.locator("[data-round]").text_content() == "Round: Second reads"
        assert window.locator('.lv-detection[data-state="hidden"]').is_visible()
        marks[username] = add_mark(viewer, 30 * place)
        viewers[username] = viewer
    for username, window in windows.items():
        window.reload()
        viewers[username].wait_loaded()
        assert set(viewers[username].findings()) == {marks[username]}
        texts = window.request.get(f"{origin(window)}/api/series/{made}").text()
        others = set(READERS) - {username}
        assert not any(marks[other] in texts or READERS[other] in texts for other in others)


def test_a_nodule_is_labelled_by_keys(windows: dict[str, Page], made: str, picture) -> None:
    window = windows["ann"]
    viewer = Viewer(window)
    uid = viewer.next_finding()
    window.keyboard.press("/")
    viewer.wait("form", "label")
    for key in ("Tab", "Tab", "Tab", "Tab"):  # type, lobe, subtlety, structure, calcification
        window.keyboard.press(key)
    version = viewer.tells("version")
    window.keyboard.press("6")
    viewer.saved_after(version)
    assert viewer.findings()[uid]["label"]["attributes"] == {"calcification": 6}
    focused = window.evaluate("document.activeElement.selectedOptions[0].textContent")
    assert focused == "6 absent"
    window.select_option('[name="lobe"]', "right_upper")
    window.wait_for_selector(".lv-card:has-text('right upper')")
    picture(window, "labelling")
    window.keyboard.press("Escape")
    viewer.wait("form", "")
    viewer.press("Control+z")
    assert viewer.findings()[uid]["label"]["lobe"] == ""
    viewer.press("Control+Shift+z")
    assert viewer.findings()[uid]["label"]["lobe"] == "right_upper"


def test_no_nodules_is_an_answer_that_marks_refuse(windows: dict[str, Page], made: str) -> None:
    window = windows["bob"]
    viewer = Viewer(window)
    window.keyboard.press(";")
    viewer.wait("form", "scan")
    window.keyboard.press("Space")
    window.wait_for_selector(".lv-status[data-problem]:has-text('says otherwise')")
    assert not window.is_checked('[name="no_nodules"]')
    window.keyboard.press("Escape")
    viewer.press("u")
    window.keyboard.press(";")
    viewer.wait("form", "scan")
    version = viewer.tells("version")
    window.keyboard.press("Space")
    viewer.saved_after(version)
    answer = window.request.get(f"{origin(window)}/api/series/{made}").json()
    assert answer["scan"] == {"no_nodules": True, "quality": "", "excluded": ""}
    window.keyboard.press("Escape")


def test_signing_ends_the_case_and_shows_nothing(
    windows: dict[str, Page], server: Server, made: str, picture
) -> None:
    for username, window in windows.items():
        viewer = Viewer(window)
        window.keyboard.press("s")
        window.click('[data-action="confirm_sign"]')
        viewer.wait("signed", "true")
        assert len(viewer.findings()) == (username == "ann")
    window = windows["ann"]
    window.keyboard.press("w")
    window.get_by_text("1 read, 0 left").wait_for()
    window.get_by_role("button", name="Next case").click()
    window.get_by_text("Nothing is left").wait_for()
    picture(window, "queue")


def test_the_round_is_shown_to_who_made_it(page: Page, server: Server, made: str, picture) -> None:
    page.goto(f"{server.address}rounds")
    page.get_by_role("button", name="Make a round").wait_for()
    # A canvas is painted; its cells are told to who cannot see it.
    page.locator('[data-testid="stDataFrame"] td', has_text="Second reads").first.wait_for(
        state="attached"
    )
    picture(page, "rounds")


def test_what_they_disagree_about_is_adjudicated_and_frozen(
    page: Page, server: Server, made: str
) -> None:
    """Ann marked a nodule, Bob said that there is none: the adjudicator's word goes into a set."""
    page.goto(f"{server.address}adjudicate?series={made}")
    page.wait_for_selector("[data-lungadjudicate] .lv-card")
    [one] = page.locator(".lv-card").all()
    one.click()
    who = one.locator(".lv-said:not([data-absent]) .lv-who").inner_text()
    page.select_option('[name="verdict"]', label=f"Nodule, outline: {who}")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.wait_for_selector('[name="reason"]:focus')
    page.keyboard.type("seen on three slices")
    page.keyboard.press("Enter")
    page.wait_for_selector('[data-lungadjudicate][data-decided="1"]')
    page.click('[data-action="finish"]')
    page.wait_for_selector('[data-lungadjudicate][data-finished="true"]')
    page.goto(f"{server.address}datasets")
    page.get_by_role("tab", name="New version").click()
    page.get_by_text("what an adjudicator decided").click()
    page.get_by_text("Take phantoms too").click()
    page.get_by_role("button", name="Show what would be frozen").click()
    page.get_by_role("button", name="Freeze", exact=True).click()
    page.get_by_test_id("stAlert").filter(has_text="frozen").wait_for()
    store = settings.load({"LUNGCORE_HOME": str(server.home)})
    engine = database.connect(store.database_url)
    with database.snapshot(engine) as session:
        [version] = datasets.list_datasets(session)
        [entry] = datasets.find(session, version.dataset_id).entries
        [labels] = datasets.labels_of(session, entry, MaskStore(store.storage))
    engine.dispose()
    assert (entry.series_uid, len(labels.marks)) == (made, 1)
    assert labels.reader.startswith("adjudicated-account-")
