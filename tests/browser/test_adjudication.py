"""Two signed readings and a file that disagree: decided by an adjudicator, frozen as a dataset."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session

from lungcore.jobs.importing import import_phantom
from lungcore.jobs.labelling import import_labels
from lungcore.records import accounts, database, datasets, label_sources, readings, studies
from lungcore.records.masks import MaskStore
from lungcore.settings import Settings, load
from tests.browser.serving import Server

ROOT = "[data-lungadjudicate]"
# Where nodules lie along a row, and what each reader gives for a diameter; bob's is an ellipsoid.
COLUMNS = (120, 200, 280, 360)
READ = {"ann": {0: 6.0, 1: 9.0, 2: 12.0}, "bob": {0: 6.5, 1: 14.0}}
FILED = {0: 6.0, 1: 10.0, 3: 8.0}


@pytest.fixture(scope="module")
def settings(server: Server) -> Settings:
    return load({"LUNGCORE_HOME": str(server.home)})


def act(session: Session, series_uid: str, account_id: int, *events: tuple[str, dict]) -> None:
    """What a reader does in the reading of the series."""
    reading = readings.open_reading(session, series_uid, account_id)
    for kind, payload in events:
        reading = readings.append(
            session,
            reading.reading_id,
            event_uid=f"{account_id}-{reading.version}",
            kind=kind,
            payload=payload,
            account_id=account_id,
            expected_version=reading.version,
        )


@pytest.fixture(scope="module")
def series_uid(page: Page, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A phantom that ann and bob read and signed, and of which cid's file tells."""
    [series] = import_phantom(settings, slices=24).series
    engine = database.connect(settings.database_url)
    with database.transaction(engine) as session:
        grid = studies.series(session, series.series_uid).grid
        places = [
            (grid.affine @ (8 + 4 * n, 256, at, 1))[:3].tolist() for n, at in enumerate(COLUMNS)
        ]
        for name, sizes in READ.items():
            account = accounts.add_account(
                session, name, "a long passphrase", display_name=f"Dr {name.title()}"
            )
            marks = []
            for n, diameter_mm in sizes.items():
                mark = {"finding_uid": f"2.25.{account.account_id}{n}", "center_mm": places[n]}
                shape = {"axes_mm": [diameter_mm, diameter_mm - 1, 9.0]} if name == "bob" else {}
                marks.append(mark | {"diameter_mm": diameter_mm} | shape)
            said = {"attributes": {"malignancy": 4 if name == "bob" else 2}}
            label = {"finding_uid": marks[1]["finding_uid"], "nodule_type": "part_solid", **said}
            events = [*(("add", mark) for mark in marks), ("label", label), ("sign", {})]
            act(session, series.series_uid, account.account_id, *events)
    engine.dispose()
    rows = ["seriesuid,reader,coordX,coordY,coordZ,diameter_mm"]
    for n, diameter_mm in FILED.items():
        rows.append(",".join(map(str, (series.series_uid, "cid", *places[n], diameter_mm))))
    path = tmp_path_factory.mktemp("labels") / "cid.csv"
    path.write_text("\n".join(rows) + "\n")
    import_labels(path, settings)
    return series.series_uid


def tells(page: Page, name: str) -> str:
    return page.locator(ROOT).get_attribute(f"data-{name}") or ""


def wait(page: Page, name: str, value: str) -> None:
    page.wait_for_selector(f'{ROOT}[data-{name}="{value}"]')


def card(page: Page, *texts: str) -> Locator:
    """The card of the nodule of which all that is said."""
    found = page.locator(".lv-card")
    for text in texts:
        found = found.filter(has_text=text)
    return found


def choose(page: Page, one: Locator) -> str:
    """Click a card; the number of its group."""
    one.click()
    number = one.get_attribute("data-group") or ""
    wait(page, "group", number)
    page.wait_for_selector(f'[data-mark="{number}"][data-selected]', state="attached")
    return number


def because(page: Page, reason: str) -> None:
    """Write the reason, whatever has the focus, as its key asks for it."""
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.wait_for_selector('[name="reason"]:focus')
    page.keyboard.type(reason)


def adjudicated(settings: Settings) -> dict[str, list[float]]:
    """The diameters of what counts, by reader."""
    engine = database.connect(settings.database_url)
    with database.snapshot(engine) as session:
        found = {
            one.marks.reader: [round(mark.diameter_mm or 0, 1) for mark in one.marks.marks]
            for one in label_sources.adjudicated(session).values()
        }
    engine.dispose()
    return found


def test_the_list_leads_to_the_case(
    page: Page, server: Server, series_uid: str, picture: Callable[[Page, str], None]
) -> None:
    page.reload()
    page.get_by_role("link", name="Adjudication").click()
    row = page.locator(f'tr[data-series="{series_uid}"]')
    expect(row.locator("td.number")).to_have_text(["3", "3", "2", "1", "1"])
    picture(page, "adjudication-list")
    row.get_by_role("link").click()
    page.wait_for_selector(f'{ROOT}[data-seq="1"]')
    page.wait_for_function(
        f"() => {{ const d = document.querySelector('{ROOT}').dataset;"
        "return d.slices && d.loaded === d.slices; }"
    )
    assert page.locator(".lv-card").count() == 4
    assert "Reader A" in (card(page, "diameters apart").text_content() or "")
    assert "Dr Ann" not in page.locator(ROOT).inner_text()


def test_a_click_shows_every_readers_mark(page: Page, series_uid: str) -> None:
    one = card(page, "diameters apart")
    assert one.locator(".lv-said").filter(has_text="part-solid").count() == 2
    number = choose(page, one)
    marks = page.locator(f'[data-pane="axial"] [data-mark="{number}"]')
    assert sorted(m.get_attribute("data-reader") or "" for m in marks.all()) == ["0", "1", "2"]
    slice_number = tells(page, "slice")
    page.keyboard.press("n")
    page.wait_for_function(
        f"before => document.querySelector('{ROOT}').dataset.group !== before", arg=number
    )
    assert tells(page, "slice") != slice_number
    page.keyboard.press("p")
    wait(page, "group", number)
    page.click('[data-action="names"]')
    page.get_by_text("Dr Bob (account-").first.wait_for()
    page.click('[data-action="names"]')


def test_a_decision_needs_a_reason_and_can_be_taken_back(
    page: Page, series_uid: str, picture: Callable[[Page, str], None]
) -> None:
    alone = card(page, "12.0 mm")
    number = choose(page, alone)
    assert "only 1 of 3" in alone.inner_text()
    ann = alone.locator(".lv-said:not([data-absent]) .lv-who").inner_text()
    page.select_option('[name="verdict"]', label=f"Nodule, outline: {ann}")
    page.click('[data-action="decide"]')
    page.get_by_text("Give a reason").wait_for()
    page.keyboard.type("clear on two slices")
    page.keyboard.press("Enter")
    wait(page, "decided", "1")
    assert tells(page, "group") != number, "on to the next one that is open"
    assert "clear on two slices" in alone.inner_text()
    choose(page, alone)
    page.click('[data-action="take_back"]')
    wait(page, "decided", "0")
    page.select_option('[name="verdict"]', label=f"Nodule, outline: {ann}")
    because(page, "clear on two slices after all")
    page.keyboard.press("Enter")
    wait(page, "decided", "1")
    choose(page, card(page, "diameters apart"))
    page.select_option('[name="verdict"]', "staple")
    because(page, "outlines differ at the rim")
    picture(page, "adjudication")
    page.keyboard.press("Enter")
    wait(page, "decided", "2")


def test_the_rest_is_by_vote_and_the_end_is_a_layer(
    page: Page, settings: Settings, series_uid: str
) -> None:
    assert page.locator('[data-action="finish"]').is_disabled()
    because(page, "as most say")
    page.click('[data-action="rest_vote"]')
    wait(page, "decided", "4")
    assert "No nodule" in card(page, "8.0 mm").inner_text()
    assert adjudicated(settings) == {}
    page.click('[data-action="finish"]')
    wait(page, "finished", "true")
    [(reader, diameters)] = adjudicated(settings).items()
    assert reader == "adjudicated-account-1"
    assert len(diameters) == 3 and 12.0 in diameters


def test_a_dataset_holds_what_was_decided(
    page: Page, server: Server, settings: Settings, series_uid: str
) -> None:
    page.goto(f"{server.address}datasets")
    page.get_by_role("tab", name="New version").click()
    page.get_by_text("what an adjudicator decided").click()
    page.get_by_text("Take phantoms too").click()
    page.get_by_role("button", name="Show what would be frozen").click()
    page.get_by_role("button", name="Freeze", exact=True).click()
    page.get_by_test_id("stAlert").filter(has_text="frozen").wait_for()
    engine = database.connect(settings.database_url)
    with database.snapshot(engine) as session:
        [version] = datasets.list_datasets(session)
        [entry] = datasets.find(session, version.dataset_id).entries
        [labels] = datasets.labels_of(session, entry, MaskStore(settings.storage))
    engine.dispose()
    assert (labels.reader, len(labels.marks)) == ("adjudicated-account-1", 3)


def test_it_is_reopened_finished_anew_and_withdrawn(
    page: Page, server: Server, settings: Settings, series_uid: str, tmp_path: Path
) -> None:
    page.goto(f"{server.address}adjudicate?series={series_uid}")
    wait(page, "finished", "true")
    before = adjudicated(settings)
    because(page, "second look")
    page.click('[data-action="reopen"]')
    wait(page, "finished", "false")
    assert adjudicated(settings) == before, "it counts until it is finished anew"
    choose(page, card(page, "8.0 mm"))
    page.select_option('[name="verdict"]', "vote")
    because(page, "seen on the prior")
    page.keyboard.press("Enter")
    page.get_by_text("seen on the prior").first.wait_for()
    page.click('[data-action="finish"]')
    wait(page, "finished", "true")
    assert len(adjudicated(settings)["adjudicated-account-1"]) == 4
    because(page, "wrong patient")
    page.click('[data-action="withdraw"]')
    wait(page, "counts", "")
    assert adjudicated(settings) == {}
    page.get_by_text("History (").click()
    assert page.locator(".lv-history s").count() == 1, "what was taken back stays to be seen"


def test_what_a_reader_says_later_is_laid_out_anew(
    page: Page, server: Server, settings: Settings, series_uid: str
) -> None:
    engine = database.connect(settings.database_url)
    with database.transaction(engine) as session:
        [ann] = [one for one in accounts.list_accounts(session) if one.username == "ann"]
        grid = studies.series(session, series_uid).grid
        place = (grid.affine @ (4, 256, 160, 1))[:3].tolist()
        mark = {"finding_uid": "2.25.99", "center_mm": place, "diameter_mm": 7.0}
        again = (("reopen", {"reason": "one more"}), ("add", mark), ("sign", {}))
        act(session, series_uid, ann.account_id, *again)
    engine.dispose()
    page.reload()
    wait(page, "stale", "true")
    assert card(page, "7.0 mm").count() == 0, "what was decided on stays as it was laid out"
    page.click('[data-action="begin"]')
    wait(page, "stale", "false")
    wait(page, "decided", "3")
    assert "undecided" in card(page, "7.0 mm").inner_text()
    assert "clear on two slices after all" in card(page, "12.0 mm").inner_text()
