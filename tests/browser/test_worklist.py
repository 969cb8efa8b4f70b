"""The worklist in a real browser: a phantom, filters, refused series, two languages."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.reading import Viewer, open_when_ready, origin, upload_folder
from tests.browser.serving import Server


def test_an_empty_worklist_explains_itself_and_offers_the_phantom(
    page: Page, picture: Callable[[Page, str], None]
) -> None:
    assert page.get_by_role("button", name="Try it with a phantom").is_visible()
    picture(page, "worklist-empty")


def test_the_phantom_says_what_it_is_wherever_it_shows(
    page: Page, picture: Callable[[Page, str], None]
) -> None:
    page.click('[data-action="phantom"]')
    viewer = open_when_ready(page, "[data-series]")
    assert "PHANTOM" in viewer.root.inner_text().upper()
    picture(page, "review")
    page.set_viewport_size({"width": 1920, "height": 1080})
    picture(page, "review-1920")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.go_back()
    page.wait_for_selector("tr[data-series]")
    assert page.locator("tr[data-series] .phantom").inner_text().lower() == "phantom"
    page.click('[data-activity="done"] [data-action="close"]')
    picture(page, "worklist")


def test_a_detection_shows_its_step_is_cancelled_and_tried_again(page: Page) -> None:
    page.click("tr[data-series] td.patient a")
    viewer = Viewer(page)
    viewer.wait_loaded()
    page.request.post(f"{origin(page)}/api/series/{viewer.tells('series')}/detection")
    page.reload()
    page.wait_for_selector("[data-lungviewer] progress")
    page.click('[data-action="detection_cancel"]')
    viewer.wait("detection", "cancelled")
    page.click('[data-action="detection_again"]')
    viewer.wait("detection", "done")
    page.go_back()


def test_a_file_that_is_no_dicom_gets_a_line_of_its_own(page: Page, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    page.set_input_files('[data-input="files"]', tmp_path / "notes.txt")
    line = page.wait_for_selector('[data-activity="done"] .problem')
    assert line is not None
    assert "notes.txt" in line.inner_text()
    page.click('[data-activity="done"] [data-action="close"]')


def test_chips_filter_and_the_view_survives_leaving_the_page(page: Page) -> None:
    page.click('[data-filter="state:signed"]')
    page.wait_for_selector("tr[data-series]", state="detached")
    assert page.locator(".worklist .nothing").is_visible()
    page.reload()
    page.wait_for_selector('[data-filter="state:signed"][aria-pressed="true"]')
    page.get_by_role("button", name="Clear filters").click()
    page.wait_for_selector("tr[data-series]")


def test_a_search_finds_by_the_patient(page: Page) -> None:
    page.get_by_role("searchbox").fill("nobody of this name")
    page.wait_for_selector("tr[data-series]", state="detached")
    page.get_by_role("searchbox").fill("phantom")
    page.wait_for_selector("tr[data-series]")
    page.get_by_role("searchbox").fill("")


def test_series_that_are_no_chest_ct_are_refused_with_a_reason(page: Page, shared: Path) -> None:
    upload_folder(page, shared / "unlabelled" / "LungFCP-01-0006_no_lung")
    told = page.locator('[data-activity="done"] li').first.inner_text()
    assert "LungFCP-01-0006" in told, "which series it was"
    assert ".." not in told
    row = page.locator('tr[data-verdict="refuse"]').first
    row.get_by_role("button").click()
    assert "lung" in page.locator("tr.reasons").inner_text()
    assert row.locator("a").count() == 0


def test_a_link_to_a_series_that_is_not_there_leads_back(page: Page, server: Server) -> None:
    page.goto(f"{server.address}review?series=9.9.9")
    assert "9.9.9" in page.get_by_role("alert").inner_text()
    page.get_by_role("link", name="Worklist").click()
    page.wait_for_selector("[data-worklist]")


def test_the_administrator_sees_accounts_and_health(
    page: Page, server: Server, picture: Callable[[Page, str], None]
) -> None:
    page.goto(f"{server.address}administration")
    page.get_by_text("Free disk").wait_for()
    page.locator('[data-testid="stDataFrame"] canvas').first.wait_for()
    page.get_by_text("model owner", exact=True).first.wait_for()
    picture(page, "administration")
    page.goto(server.address)


def test_the_language_is_switched_on_the_page_and_remembered(
    page: Page, picture: Callable[[Page, str], None]
) -> None:
    page.get_by_role("link", name="Account").click()
    page.get_by_text("简体中文").click()
    page.get_by_text("修改密码").first.wait_for()
    picture(page, "account-zh")
    page.reload()
    page.get_by_text("修改密码").first.wait_for()
    page.get_by_role("link", name="工作列表").click()
    page.get_by_role("button", name="上传文件", exact=True).wait_for()
    picture(page, "worklist-zh")


def test_one_signs_out_and_in_again_where_one_was(page: Page, server: Server) -> None:
    page.context.clear_cookies()
    page.goto(f"{server.address}account")
    page.wait_for_url("**/login?next=*")
    page.fill('[name="username"]', "reader")
    page.fill('[name="password"]', "not the passphrase")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    page.fill('[name="username"]', "reader")
    page.fill('[name="password"]', "a long passphrase")
    page.keyboard.press("Enter")
    page.get_by_text("修改密码").first.wait_for()
    assert page.url == f"{server.address}account"


@pytest.mark.parametrize("path", ["administration", "account", ""])
def test_every_page_says_what_this_is_not(page: Page, server: Server, path: str) -> None:
    page.goto(server.address + path)
    page.get_by_text("并非经认证的医疗器械").wait_for()


def test_a_row_opens_however_soon_it_is_clicked_after_coming_back(page: Page) -> None:
    viewer = Viewer(page)
    for _ in range(3):
        page.wait_for_selector("tr[data-series]")
        page.click("tr.opens td.patient a")
        viewer.wait_loaded()
        page.go_back()
