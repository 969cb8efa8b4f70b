"""From two imported files of labels to a frozen dataset, the same id again, and its export."""

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from lungcore.jobs.importing import import_phantom
from lungcore.jobs.labelling import import_labels
from lungcore.records import database, studies
from lungcore.settings import Settings, load
from tests.browser.serving import ROOT, Server

HEADING = "seriesuid,reader,coordX,coordY,coordZ,diameter_mm,malignancy,texture\n"


@pytest.fixture(scope="module")
def settings(server: Server) -> Settings:
    return load({"LUNGCORE_HOME": str(server.home)})


@pytest.fixture(scope="module")
def series_uid(page: Page, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A phantom with nodules that ann and bob marked, each in a file of their own."""
    [series] = import_phantom(settings, slices=24).series
    with database.snapshot(database.connect(settings.database_url)) as session:
        grid = studies.series(session, series.series_uid).grid
    for reader, diameters in {"ann": (5, 9, 12, 21), "bob": (6, 9, 13)}.items():
        rows = []
        for number, diameter_mm in enumerate(diameters):
            x, y, z = (grid.affine @ (12, 256, 120 + 80 * number, 1))[:3]
            rating = 1 + number
            rows.append(f"{series.series_uid},{reader},{x},{y},{z},{diameter_mm},{rating},5\n")
        path = tmp_path_factory.mktemp("labels") / f"{reader}.csv"
        path.write_text(HEADING + "".join(rows))
        import_labels(path, settings)
    return series.series_uid


def open_page(page: Page, server: Server, tab: str) -> None:
    page.goto(f"{server.address}datasets")
    page.get_by_role("tab", name=tab).click()


def look(page: Page) -> None:
    """Choose phantoms too, all to train on, and look at what that is."""
    page.get_by_text("Take phantoms too").click()
    page.get_by_role("button", name="Show what would be frozen").click()
    page.get_by_role("button", name="Freeze", exact=True).wait_for()


def drawn(page: Page) -> None:
    """Wait until a chart has bars."""
    page.locator(".js-plotly-plot .bars .point").filter(visible=True).first.wait_for()


def frozen_id(page: Page) -> str:
    page.get_by_role("button", name="Freeze", exact=True).click()
    told = page.get_by_test_id("stAlert").filter(has_text=re.compile(r"frozen.*: [0-9a-f]{64}"))
    told.wait_for()
    return told.inner_text().split(": ")[1].strip()


def test_a_dataset_is_looked_at_and_frozen(
    page: Page, server: Server, series_uid: str, picture: Callable[[Page, str], None]
) -> None:
    page.get_by_role("link", name="Datasets").click()
    page.get_by_text("No dataset is frozen yet").wait_for()
    open_page(page, server, "New version")
    look(page)
    drawn(page)
    picture(page, "dataset-new")
    page.get_by_label("Name").last.fill("two readers")
    dataset_id = frozen_id(page)
    assert len(dataset_id) == 64
    open_page(page, server, "Versions")
    page.get_by_text(dataset_id).wait_for()
    drawn(page)


def test_the_same_content_is_the_same_version(page: Page, server: Server, series_uid: str) -> None:
    open_page(page, server, "New version")
    look(page)
    again = frozen_id(page)
    open_page(page, server, "Versions")
    page.get_by_text(again).wait_for()
    page.locator("td", has_text="two readers").wait_for(state="attached")
    assert page.locator("strong").first.inner_text() == "two readers"


def test_the_manifest_is_what_the_id_is_the_hash_of(
    page: Page, server: Server, series_uid: str
) -> None:
    open_page(page, server, "Versions")
    with page.expect_download() as download:
        page.get_by_role("button", name="Manifest").click()
    content = Path(download.value.path()).read_bytes()
    page.get_by_text(hashlib.sha256(content).hexdigest()).wait_for()
    [series] = json.loads(content)["series"]
    assert series["series_uid"] == series_uid
    assert [labels["reader"] for labels in series["labels"]] == ["ann", "bob"]


def test_what_was_frozen_is_exported_on_the_command_line(
    page: Page, server: Server, series_uid: str, settings: Settings, tmp_path: Path
) -> None:
    open_page(page, server, "Versions")
    dataset_id = page.locator("code").first.inner_text()
    out = tmp_path / "annotations.csv"
    arguments = ["labels", "export", dataset_id, "--format", "luna16", "--out", str(out)]
    subprocess.run(
        [sys.executable, "-m", "lungcore", *arguments],
        cwd=ROOT,
        env=os.environ | {"LUNGCORE_HOME": str(server.home)},
        check=True,
    )
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["diameter_mm"]) for row in rows] == [5.5, 9, 12.5]
    assert {row["seriesuid"] for row in rows} == {series_uid}


def test_two_versions_are_compared(page: Page, server: Server, series_uid: str) -> None:
    open_page(page, server, "New version")
    page.get_by_text("every reader's labels by themselves").click()
    look(page)
    frozen_id(page)
    open_page(page, server, "Compare")
    # The cells that a screen reader gets of a table that is drawn on a canvas.
    page.locator("td", has_text="Where several readers").wait_for(state="attached")


def test_the_page_speaks_chinese(page: Page, server: Server, series_uid: str) -> None:
    page.goto(f"{server.address}account")
    page.get_by_text("简体中文").click()
    page.get_by_text("修改密码").first.wait_for()
    page.goto(f"{server.address}datasets")
    drawn(page)
