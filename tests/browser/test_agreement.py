"""The agreement of two readers of imported files, in a real browser."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from lungcore.jobs.importing import import_phantom
from lungcore.jobs.labelling import import_labels
from lungcore.records import database, studies
from lungcore.settings import load
from tests.browser.serving import Server

SIZES = {"ann": (5, 9, 12, 21), "bob": (6, 9, 13)}


def test_a_pair_is_told_in_figures_and_charts(
    page: Page, server: Server, tmp_path: Path, picture: Callable[[Page, str], None]
) -> None:
    page.get_by_role("link", name="Agreement").click()
    page.get_by_text("Fewer than two readers").wait_for()
    settings = load({"LUNGCORE_HOME": str(server.home)})
    [series] = import_phantom(settings, slices=24).series
    with database.snapshot(database.connect(settings.database_url)) as session:
        grid = studies.series(session, series.series_uid).grid
    lines = ["seriesuid,reader,coordX,coordY,coordZ,diameter_mm,malignancy,texture"]
    for reader, diameters in SIZES.items():
        for number, diameter_mm in enumerate(diameters):
            x, y, z = (grid.affine @ (12, 256, 120 + 80 * number, 1))[:3]
            rating = 1 + number + (reader == "bob" and number == 2)
            lines.append(f"{series.series_uid},{reader},{x},{y},{z},{diameter_mm},{rating},5")
    path = tmp_path / "readers.csv"
    path.write_text("\n".join(lines) + "\n")
    import_labels(path, settings)
    page.reload()
    # 2 x 3 over 2 x 3 + 1; the differences are -1, 0 and -1.
    page.locator("td", has_text="0.86").first.wait_for(state="attached")
    page.locator("td", has_text="-0.67").first.wait_for(state="attached")
    assert page.locator(".js-plotly-plot .scatterlayer .point").count() >= len(SIZES["bob"])
    page.locator(".js-plotly-plot .bars .point").filter(visible=True).first.wait_for()
    picture(page, "agreement")
    page.get_by_role("tab", name="Readers against all others").click()
    page.locator("td", has_text="bob").first.wait_for(state="attached")
