"""The loop in the browser: train on a dataset, compare, put in use by two signatures, go back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from lungcore.records import accounts, database
from lungcore.settings import Settings, load
from tests.browser.serving import Server
from tests.jobs.phantoms import frozen

PASSWORD = "a long passphrase"
WORK_MS = 480_000  # a training, a comparison


@pytest.fixture(scope="module")
def settings(server: Server) -> Settings:
    return load({"LUNGCORE_HOME": str(server.home)})


@pytest.fixture(scope="module")
def dataset_id(page: Page, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A version of three labelled phantoms; a second person who may sign."""
    engine = database.connect(settings.database_url)
    with database.transaction(engine) as session:
        accounts.add_account(session, "admin", PASSWORD, roles=["administrator"])
    engine.dispose()
    return frozen(settings, tmp_path_factory.mktemp("phantoms"))[0]


@pytest.fixture(scope="module")
def candidate(page: Page, server: Server, dataset_id: str) -> str:
    """The name of a detector trained for 25 steps, measured before it was started."""
    page.goto(f"{server.address}training")
    version = page.get_by_role("combobox", name="Dataset version")
    expect(version).to_have_value(re.compile(f"phantoms {dataset_id[:12]} .*1 locked"))
    page.get_by_text("Recipe").first.click()
    epochs = page.get_by_label("Epochs", exact=True)
    epochs.fill("0.1")
    epochs.press("Tab")
    page.get_by_role("button", name="Measure the cost").click()
    page.get_by_text(re.compile(r"examples a second; 25 steps")).wait_for(timeout=WORK_MS)
    page.get_by_role("button", name="Start", exact=True).click()
    page.locator("strong", has_text="Running").wait_for()
    page.locator("strong", has_text="Done").wait_for(timeout=WORK_MS)
    told = page.locator("p", has=page.locator("strong", has_text="Done")).inner_text()
    return told.removeprefix("Done").strip()


def test_a_training_shows_its_curve(
    page: Page, candidate: str, picture: Callable[[Page, str], None]
) -> None:
    page.locator(".js-plotly-plot .scatterlayer .js-line").first.wait_for()
    assert page.locator(".js-plotly-plot .scatterlayer .js-line").count() >= 2
    assert re.fullmatch(r"0\.2\.0-[0-9a-f]{8}\+[0-9a-f]{12}", candidate)
    picture(page, "training")


def open_tab(page: Page, server: Server, candidate: str, name: str) -> None:
    page.goto(f"{server.address}models")
    page.get_by_role("tab", name=name).click()
    # The newest candidate is the one that is shown.
    expect(page.get_by_role("combobox", name="Model to look at")).to_have_value(candidate)


def test_a_candidate_is_compared_on_the_locked_test_set(
    page: Page, server: Server, candidate: str, picture: Callable[[Page, str], None]
) -> None:
    open_tab(page, server, candidate, "Comparison")
    test_set = page.get_by_role("combobox", name="Locked test set")
    expect(test_set).to_have_value(re.compile(r"looks so far: 0"))
    page.get_by_role("button", name="Compare", exact=True).click()
    page.get_by_text(re.compile(r"Gained \(\d+\)")).wait_for(timeout=WORK_MS)
    expect(test_set).to_have_value(re.compile(r"looks so far: 1"))
    page.locator(".js-plotly-plot .scatterlayer .js-line").first.wait_for()
    picture(page, "comparison")


def test_what_is_worse_is_put_in_use_by_two_signatures_and_taken_back(
    page: Page, server: Server, candidate: str, picture: Callable[[Page, str], None]
) -> None:
    open_tab(page, server, candidate, "Promotion")
    picture(page, "promotion")
    page.get_by_label("Reason").first.fill("to see it held back")
    page.get_by_role("button", name="Put in use").click()
    page.get_by_text("The gate is not passed").wait_for()
    page.get_by_label("Reason").first.fill("to see it in use")
    page.get_by_label("Second person's user name").fill("admin")
    page.get_by_label("Second person's password").fill(PASSWORD)
    page.get_by_role("button", name="Put in use").click()
    page.locator("p", has_text="Detector").filter(has_text=candidate).wait_for()
    page.get_by_label("Reason").first.fill("it was a try")
    page.get_by_role("button", name="Roll back").first.click()
    page.locator("p", has_text="Detector").filter(has_text="0.2.0+").wait_for()
