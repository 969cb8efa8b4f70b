"""How fast the viewer is, in headless Chromium without a GPU.

    python -m benchmarks.viewer [--data ../shared/data] [--rounds 3] [--opens 100]
        [--cornerstone DIR]

Starts a server on a fresh home, imports 304 slices of 512x512 (the phantom's 140 where the real
data are absent), adds findings up to 50, and prints times from navigation (on localhost and on a
line of 100 Mbit/s), frame times while scrolling and windowing with real wheel and mouse events,
one pane and three, with the mask of the lungs; the browser's heap; the time in which an edit is
saved; and what 100 opens leave in the server's memory. Each figure is that of every round: other
work on the machine shows as spread.

cornerstone3D is measured beside it where DIR holds its bundle, which is built there by

    npm install --prefix DIR @cornerstonejs/core@5.14 esbuild events url buffer
    NODE_PATH=DIR/node_modules DIR/node_modules/.bin/esbuild benchmarks/cornerstone.js --bundle \
        --format=esm --external:fs --external:path --outfile=DIR/cornerstone.js
"""

import argparse
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

from benchmarks.slow_line import slow_line
from tests.browser.reading import ROOT as VIEWER
from tests.browser.reading import Viewer, middle, open_when_ready, origin, upload_folder
from tests.browser.serving import (
    ROOT,
    Server,
    chromium_path,
    running_chromium,
    running_server,
    set_up,
)

SCREENS = {"1280x720": (1280, 720, 1), "1920x1080, device pixel ratio 2": (1920, 1080, 2)}
FINDINGS = 50
LINE_MBIT_S = 100
EVENTS = 120
WARM_OPENS = 10  # what a server keeps for good is there after these
MAIN = re.compile(r"(assets/[0-9a-f]+)/main\.js$")
START = (400, 300)  # on the large pane
# When the first slice and the last were there, by the root's own attributes.
WATCH = """() => { window.seen = {}; const tell = () => {
    const d = document.querySelector('[data-lungviewer]')?.dataset;
    if (d?.slices) {
      if (+d.loaded > 0) window.seen.first ??= performance.now();
      if (d.loaded === d.slices) { window.seen.all ??= performance.now(); return; }
    }
    requestAnimationFrame(tell); }; tell(); }"""
FRAMES = """() => { window.frames_ms = []; let last = performance.now();
    const tell = (now) => { window.frames_ms.push(now - last); last = now;
      window.counting = requestAnimationFrame(tell); };
    window.counting = requestAnimationFrame(tell); }"""
# The event's answer is there when the root says so again.
SAVED = """async () => { const root = document.querySelector('[data-lungviewer]');
    const from = performance.now(), before = root.dataset.version;
    document.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }));
    while (root.dataset.version === before || root.dataset.saving !== 'saved') {
      await new Promise(requestAnimationFrame); }
    return performance.now() - from; }"""

# From letting go of the mouse until the root tells a new version, saved.
LET_GO = """() => { const root = document.querySelector('[data-lungviewer]');
    const before = root.dataset.version;
    document.addEventListener('pointerup', () => { window.let_go = performance.now(); },
      { capture: true, once: true });
    new MutationObserver((_, observer) => {
      const { version, saving } = root.dataset;
      if (version === before || saving !== 'saved') return;
      window.saved_ms = performance.now() - window.let_go;
      observer.disconnect();
    }).observe(root, { attributes: true }); }"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--opens", type=int, default=100)
    parser.add_argument("--cornerstone", type=Path)
    arguments = parser.parse_args()
    path = chromium_path()
    if path is None:
        raise SystemExit("needs Chromium (Debian: apt-get install chromium)")
    with (
        tempfile.TemporaryDirectory() as home,
        running_server(Path(home)) as server,
        running_chromium(path) as browser,
    ):
        page = browser.new_page()
        set_up(page, server)
        address = prepare(page, arguments.data)
        cookies = page.context.cookies()
        page.context.close()
        for number in range(1, arguments.rounds + 1):
            print(f"round {number}")
            for name, screen in SCREENS.items():
                print(f" {name}")
                with opened(browser, screen, cookies) as page:
                    measure(page, address)
            with opened(browser, SCREENS["1280x720"], cookies) as page:
                measure_line(page, server, address)
            with opened(browser, SCREENS["1920x1080, device pixel ratio 2"], cookies) as page:
                measure_cornerstone(page, address, arguments.cornerstone)
        measure_memory(browser, server, address, cookies, arguments.opens)


def prepare(page: Page, data: Path) -> str:
    """Import a series, let the detection end and add findings; the address of its review page."""
    series = data / "unlabelled" / "NSCLC-Radiogenomics_R01-001"
    if series.is_dir():
        upload_folder(page, series)
    else:
        page.click('[data-action="phantom"]')
    viewer = open_when_ready(page, "[data-series]")
    add_findings(page, f"{origin(page)}/api/series/{viewer.tells('series')}")
    return page.url


def add_findings(page: Page, api: str) -> None:
    """Findings of a reader at random places of the middle half, until there are FINDINGS."""
    answer = page.request.get(api).json()
    series, random = answer["series"], np.random.default_rng(1)
    shape = np.array([series["slices"], series["rows"], series["columns"]])
    affine = np.reshape(series["affine"], (4, 4))
    while len(answer["findings"]) < FINDINGS:
        index = shape * random.uniform(0.25, 0.75, 3)
        center_mm = (affine @ [*index, 1])[:3].tolist()
        payload = {"finding_uid": uid(), "center_mm": center_mm, "diameter_mm": 20.0}
        event = {"event_uid": uid(), "kind": "add", "payload": payload}
        reading = {name: answer["reading"][name] for name in ("reading_id", "version")}
        answer = page.request.post(f"{api}/events", data=event | reading).json()


def uid() -> str:
    return f"2.25.{uuid.uuid4().int}"


@contextmanager
def opened(browser: Browser, screen: tuple, cookies: list) -> Iterator[Page]:
    """A signed-in page on a screen, with nothing in its cache."""
    width, height, ratio = screen
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=ratio
    )
    context.add_cookies(cookies)
    context.add_init_script(f"({WATCH})()")
    yield context.new_page()
    context.close()


def measure(page: Page, address: str) -> None:
    """Print one screen's figures: cold, then again with a warm cache."""
    for state in ("cold", "warm"):
        print(f"  {state}: {times(page, address)}")
    page.mouse.move(*START)
    for action in ("layer_lungs", "layer_nodule"):
        page.click(f'[data-action="{action}"]')
    for layout in ("one pane", "three panes"):
        if layout == "three panes":
            page.keyboard.press("v")
            page.wait_for_selector(f'{VIEWER}[data-layout="three"]')
        page.mouse.move(*START)
        frames(page, f"scrolling, {layout}", lambda _: page.mouse.wheel(0, 100))
        page.mouse.down(button="right")
        frames(page, f"window by drag, {layout}", lambda i: page.mouse.move(START[0] + i, START[1]))
        page.mouse.up(button="right")
    heap = page.evaluate("() => performance.memory.usedJSHeapSize")
    shown = page.locator("[data-finding]").count()
    print(f"  heap {heap / 1e6:.0f} MB, {Viewer(page).tells('slices')} slices, {shown} findings")
    print(f"  edits saved in {', '.join(f'{ms:.0f}' for ms in saved(page))} ms")
    for what, key in (("outlines grown", "g"), ("strokes of the brush", "b")):
        print(f"  {what} saved in {', '.join(f'{ms:.0f}' for ms in drawn(page, key))} ms")


def times(page: Page, address: str) -> str:
    """When the first slice and the whole volume were there."""
    page.goto(address)
    page.wait_for_function("() => window.seen.all", timeout=120_000)
    seen = page.evaluate("() => window.seen")
    return f"first slice {seen['first']:.0f} ms, whole volume {seen['all']:.0f} ms"


def saved(page: Page) -> list[float]:
    """How long an accepted finding takes until the page says that it is stored, in ms."""
    taken = []
    for _ in range(5):
        page.keyboard.press("n")
        page.keyboard.press("r")
        page.wait_for_selector(f'{VIEWER}[data-saving="saved"]')
        taken.append(page.evaluate(SAVED))
    return taken


def drawn(page: Page, key: str) -> list[float]:
    """How long an outline takes from letting go until the page says that it is stored, in ms."""
    viewer, taken = Viewer(page), []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")  # nothing is selected: the next finding is the first
    viewer.wait("selected-finding", "")
    page.keyboard.press("n")
    page.wait_for_selector('[data-pane="axial"] [data-mark][data-selected]', state="attached")
    for _ in range(5):
        if viewer.tells("mode") == "read":
            page.keyboard.press(key)  # growing ends with the click, painting goes on
        page.wait_for_selector(f'{VIEWER}:not([data-mode="read"])')
        page.evaluate(LET_GO)
        x, y = middle(viewer.mark(viewer.tells("selected-finding")))
        viewer.drag((x, y), (x + 2, y))
        taken.append(page.evaluate("() => window.saved_ms"))
    return taken


def frames(page: Page, what: str, event: Callable[[int], None]) -> None:
    """Print the frame times while `event` happens EVENTS times."""
    page.evaluate(FRAMES)
    for step in range(EVENTS):
        event(step)
    found = page.evaluate("() => { cancelAnimationFrame(window.counting); return frames_ms; }")
    p50, p95 = np.percentile(found[1:], (50, 95))
    print(f"  {what}: frame p50 {p50:.1f} ms, p95 {p95:.1f} ms ({len(found)} frames)")


def measure_line(page: Page, server: Server, address: str) -> None:
    """Print the times of a cold open over a slow line."""
    with slow_line(server.address, LINE_MBIT_S) as line:
        found = times(page, address.replace(server.address, line))
        print(f" {LINE_MBIT_S} Mbit/s: {found}")
        page.goto("about:blank")


def measure_cornerstone(page: Page, address: str, bundle: Path | None) -> None:
    """Print cornerstone3D's figures for the same series, served as a page of the same server."""
    script = bundle / "cornerstone.js" if bundle else None
    if script is None or not script.is_file():
        print(" cornerstone3D: not measured; build it as --help says and give --cornerstone DIR")
        return
    page.goto(address)
    page.wait_for_selector(f"{VIEWER}[data-slices]")
    module = "() => performance.getEntriesByType('resource').map((one) => one.name)"
    [assets] = {found[1] for name in page.evaluate(module) if (found := MAIN.search(name))}
    series, start = Viewer(page).tells("series"), origin(page)
    view = '<div id="view" style="width:100vw;height:100vh"></div>'
    html = f'<body style="margin:0">{view}<script type="module" src="/cornerstone.js"></script>'
    page.route(
        re.compile(r"/cornerstone\.html"),
        lambda to: to.fulfill(body=html, content_type="text/html"),
    )
    page.route(re.compile(r"/cornerstone\.js$"), lambda to: to.fulfill(path=script))
    page.context.new_cdp_session(page).send("Network.clearBrowserCache")
    page.goto(f"{start}/cornerstone.html?series={series}&assets={assets}")
    page.wait_for_selector("html[data-first][data-all]", timeout=120_000)
    first, whole = (
        float(page.locator("html").get_attribute(f"data-{name}") or 0) for name in ("first", "all")
    )
    print(f" cornerstone3D: first slice {first:.0f} ms, whole volume {whole:.0f} ms")
    page.mouse.move(*START)
    frames(page, "scrolling", lambda _: page.mouse.wheel(0, 100))
    page.mouse.down(button="right")
    frames(page, "window by drag", lambda step: page.mouse.move(START[0] + step, START[1]))
    page.mouse.up(button="right")
    heap = page.evaluate("() => performance.memory.usedJSHeapSize")
    print(f"  heap {heap / 1e6:.0f} MB")


def measure_memory(
    browser: Browser, server: Server, address: str, cookies: list, opens: int
) -> None:
    """Print what so many opens, each with nothing cached, add to the server's memory."""
    if not opens:
        return
    with opened(browser, SCREENS["1280x720"], cookies) as page:
        page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
        for _ in range(WARM_OPENS):
            times(page, address)
        before = resident_mb(server.pid)
        for _ in range(opens):
            times(page, address)
        after = resident_mb(server.pid)
    print(f"server: {before:.0f} MB after {WARM_OPENS} opens, {after:.0f} MB {opens} opens later")


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    main()
