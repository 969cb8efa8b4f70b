"""A prior beside the current scan: two phantoms of one patient, half a year apart."""

import re
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from lungcore.dicom.write import SeriesText, write_series
from lungcore.imaging.phantom import Nodule, thorax
from lungcore.imaging.volume import Volume
from tests.browser.reading import open_when_ready, upload_folder

ROOT = "[data-lungcompare]"
MOVED_MM = 36.0  # of the couch, between the scans
GROWN_MM = 13.0


def tells(page: Page, name: str) -> str:
    return page.locator(ROOT).get_attribute(f"data-{name}") or ""


def scrolled(page: Page, before: str) -> None:
    """Wait until the current scan shows another slice than `before`."""
    page.wait_for_function(
        """before => document.querySelector('[data-lungcompare]').dataset.currentSlice
            !== before""",
        arg=before,
    )


def grown(volume: Volume, nodule: Nodule) -> Volume:
    """The same thorax with that nodule as a ball of `GROWN_MM`, further along the couch."""
    hu = volume.hu.astype(np.float32)
    indices = np.moveaxis(np.indices(hu.shape), 0, -1)
    away = np.linalg.norm(
        (indices - volume.to_index(nodule.center_mm)) * volume.spacing_mm, axis=-1
    )
    share = np.clip(GROWN_MM / 2 + 0.35 - away, 0, 0.7) / 0.7
    hu = np.maximum(hu, hu * (1 - share) + 38 * share)
    affine = volume.affine.copy()
    affine[2, 3] += MOVED_MM
    return Volume(hu.astype(np.int16), affine)


@pytest.fixture(scope="module")
def solid() -> Nodule:
    return next(one for one in thorax().nodules if one.kind == "solid" and one.diameter_mm > 8)


@pytest.fixture(scope="module")
def compared(page: Page, solid: Nodule, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Both scans imported and detected, and the comparison opened from the review page."""
    phantom = thorax()
    folder = tmp_path_factory.mktemp("patient")
    scans = {"20250110": phantom.volume, "20250709": grown(phantom.volume, solid)}
    for date, volume in scans.items():
        text = SeriesText(
            uid_seed=f"compare {date}",
            patient_id="PHANTOM-2",
            patient_name="Phantom^Two",
            study_description="Follow-up",
            series_description=date,
            study_date=date,
            study_time="120000",
            phantom=True,
        )
        write_series(volume, folder / date, text)
    upload_folder(page, Path(folder))
    page.wait_for_function(
        "() => document.querySelectorAll('tr[data-state=\"ready\"]').length === 2", timeout=240_000
    )
    open_when_ready(page, ":has-text('2025-07-09')")
    page.keyboard.press("o")
    page.wait_for_selector(f'{ROOT}[data-link="lungs"]', timeout=60_000)
    for side in ("prior", "current"):
        page.wait_for_selector(f'{ROOT}[data-{side}-loaded="140"]')
    return page


def test_the_sides_scroll_together_through_the_lungs(compared: Page) -> None:
    compared.mouse.move(700, 300)
    compared.mouse.wheel(0, 100)
    for _ in range(4):
        before = tells(compared, "current-slice")
        compared.mouse.wheel(0, 100)
        scrolled(compared, before)
        # The couch moved, the patient did not: the same slices belong together, to within 6 mm.
        assert abs(int(tells(compared, "current-slice")) - int(tells(compared, "prior-slice"))) <= 3


def test_the_other_side_leads_too(compared: Page) -> None:
    before = tells(compared, "current-slice")
    compared.mouse.move(200, 300)
    compared.mouse.wheel(0, -100)
    compared.wait_for_selector(f'{ROOT}[data-active="prior"]')
    scrolled(compared, before)


def test_the_nodule_that_grew_is_told_to_have(compared: Page, solid: Nodule) -> None:
    cards = compared.locator('[data-pair="grown"]')
    texts = cards.all_inner_texts()
    # From 8.5 to 13 mm in 180 days: 3.6 times the volume.
    found = [text for text in texts if re.search(r"→ 1[1-5]\.\d mm", text)]
    assert len(found) == 1, texts
    change = re.search(r"volume \+(\d+) % in 180 days", found[0])
    assert change is not None
    assert 100 < int(change.group(1)) < 600
    doubling = re.search(r"doubling time (\d+) days, 95 % interval (\d+) to (\d+)", found[0])
    assert doubling is not None
    low, high = int(doubling.group(2)), int(doubling.group(3))
    assert low < 180 * np.log(2) / np.log((GROWN_MM / solid.diameter_mm) ** 3) < high


def test_a_click_on_a_pair_shows_it_on_both_sides(compared: Page) -> None:
    compared.locator('[data-pair="grown"]').first.click()
    for side in ("prior", "current"):
        mark = f'[data-side="{side}"] [data-mark][data-selected] circle'
        compared.wait_for_selector(mark, state="attached")


def test_without_a_link_an_anchor_holds_the_sides_together(compared: Page) -> None:
    compared.select_option('select[name="link"]', "none")
    compared.wait_for_selector(f'{ROOT}[data-link="none"]')
    start = tells(compared, "prior-slice")
    compared.mouse.move(700, 300)
    compared.mouse.wheel(0, 100)
    compared.mouse.wheel(0, 100)
    compared.wait_for_selector(f'{ROOT}[data-active="current"]')
    assert tells(compared, "prior-slice") == start
    compared.click('[data-action="anchor"]')
    compared.wait_for_selector(f'{ROOT}[data-link="anchor"]')
    apart = int(tells(compared, "current-slice")) - int(tells(compared, "prior-slice"))
    compared.mouse.move(700, 300)
    for _ in range(3):
        before = tells(compared, "current-slice")
        compared.mouse.wheel(0, 100)
        scrolled(compared, before)
    assert int(tells(compared, "current-slice")) - int(tells(compared, "prior-slice")) == apart


def test_the_window_is_one_for_both(compared: Page, picture) -> None:
    compared.keyboard.press("2")
    compared.wait_for_function(
        """() => [...document.querySelectorAll('.lv-corner.lv-window')]
            .filter((one) => one.checkVisibility() && one.textContent.includes('W 400'))
            .length >= 2"""
    )
    compared.keyboard.press("1")
    compared.select_option('select[name="link"]', "lungs")
    compared.locator('[data-pair="grown"]').first.click()
    mark = '[data-side="prior"] [data-mark][data-selected] circle'
    compared.wait_for_selector(mark, state="attached")
    picture(compared, "compare")


def test_the_worklist_leads_to_the_comparison(compared: Page) -> None:
    compared.click(".lv-banner .lv-link")
    later = compared.locator("tr[data-series]", has_text="2025-07-09")
    later.locator("a.prior").wait_for()
    assert compared.locator("a.prior").count() == 1
    later.locator("a.prior").click()
    # The alignment is there already: its job ran once.
    compared.wait_for_selector(f'{ROOT}[data-link="lungs"]')
