"""How fast the viewer is, in headless Chromium without a GPU.

    python -m benchmarks.viewer [--data ../shared/data]

Starts a server on a fresh home, imports 304 slices of 512x512 (the phantom's 140 where the real
data are absent), and prints times from navigation, frame times while scrolling and windowing with
real wheel and mouse events, from letting go of a mark to its being shown saved, and the browser's
heap.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

from tests.browser.reading import ROOT as VIEWER
from tests.browser.reading import Viewer, middle, open_when_ready, upload_folder
from tests.browser.serving import ROOT, chromium_path, running_chromium, running_server, set_up

SCREENS = {"1280x720": (1280, 720, 1), "1920x1080, device pixel ratio 2": (1920, 1080, 2)}
EVENTS = 120
EDITS = 10
START = (400, 300)  # on the image
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
# From letting go of the mouse until the root tells a new version, saved.
SAVING = """() => { const root = document.querySelector('[data-lungviewer]');
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
        address, cookies = prepare(page, arguments.data), page.context.cookies()
        for name, screen in SCREENS.items():
            measure(browser, name, screen, address, cookies)


def prepare(page: Page, data: Path) -> str:
    """Import a series and let the detection end; returns the address of its review page."""
    series = data / "unlabelled" / "NSCLC-Radiogenomics_R01-001"
    if series.is_dir():
        upload_folder(page, series)
    else:
        page.click('[data-action="phantom"]')
    open_when_ready(page, "[data-series]")
    return page.url


def measure(browser: Browser, name: str, screen: tuple, address: str, cookies: list) -> None:
    """Print one screen's figures: cold, then again with a warm cache."""
    width, height, ratio = screen
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=ratio
    )
    context.add_cookies(cookies)
    context.add_init_script(f"({WATCH})()")
    page = context.new_page()
    print(f"{name}")
    for state in ("cold", "warm"):
        page.goto(address)
        page.wait_for_function("() => window.seen.all", timeout=120_000)
        seen = page.evaluate("() => window.seen")
        print(f"  {state}: first slice {seen['first']:.0f} ms, whole volume {seen['all']:.0f} ms")
    page.mouse.move(*START)
    told(page, "scrolling", lambda _: page.mouse.wheel(0, 100))
    page.mouse.down(button="right")
    told(page, "window by drag", lambda step: page.mouse.move(START[0] + step, START[1]))
    page.mouse.up(button="right")
    tell_edits(page)
    heap = page.evaluate("() => performance.memory.usedJSHeapSize")
    slices = Viewer(page).tells("slices")
    print(f"  heap {heap / 1e6:.0f} MB, {slices} slices, {page.locator(VIEWER).count()} viewer")
    context.close()


def told(page: Page, what: str, event: Callable[[int], None]) -> None:
    """Print the frame times while `event` happens EVENTS times."""
    page.evaluate(FRAMES)
    for step in range(EVENTS):
        event(step)
    frames = page.evaluate("() => { cancelAnimationFrame(window.counting); return frames_ms; }")
    p50, p95 = np.percentile(frames[1:], (50, 95))
    print(f"  {what}: frame p50 {p50:.1f} ms, p95 {p95:.1f} ms ({len(frames)} frames)")


def tell_edits(page: Page) -> None:
    """Print how long it takes to save a finding that was moved, and a stroke of the brush."""
    viewer, acts = Viewer(page), {"e": "a finding moved", "b": "a stroke of the brush"}
    page.keyboard.press("n")
    page.wait_for_selector("[data-mark][data-selected]", state="attached")
    for key, what in acts.items():
        page.keyboard.press(key)
        times = []
        for step in range(EDITS):
            page.evaluate(SAVING)
            x, y = middle(viewer.mark(viewer.tells("selected-finding")))
            viewer.drag((x, y), (x + 4 * (-1) ** step, y))
            times.append(page.evaluate("() => window.saved_ms"))
        print(f"  {what}: saved after p50 {np.median(times):.0f} ms, most {max(times):.0f} ms")
        page.keyboard.press("Escape")


if __name__ == "__main__":
    main()
