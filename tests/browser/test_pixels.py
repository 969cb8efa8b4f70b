"""What is on the screen is the slice: pixel by pixel a numpy rendering of it, left and right true.

Smoothed phantoms with a marker at the patient's left, stored upright, turned, oblique, tilted and
with long voxels, go from DICOM files to the screen; screenshots of every pane are compared.
"""

import io
import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation

from lungcore.dicom.write import SeriesText, write_series
from lungcore.imaging.phantom import thorax
from lungcore.imaging.volume import Volume
from tests.browser.reading import Viewer, upload_folder

PANES = {"axial": (2, 1, 0), "coronal": (1, 2, 0), "sagittal": (0, 2, 1)}  # through, down, across
CENTER, WIDTH = 0, 8000  # neighbours then differ by few greys, so that no rounding tells
MARKER_MM = (110.0, -20.0, 0.0)  # from the middle: left of the patient, towards the front
MARKER_RADIUS_MM = 24
MARKER_HU = 3000
DENSE_HU = 1000  # more than bone has once it is smoothed
MARGIN = 4  # CSS pixels at the edges of a stage
SCREEN = {"width": 1280, "height": 721}  # on which every pane begins at a whole pixel
NEAR_EDGE = 0.15  # of a voxel: there the nearest one is a matter of rounding
BARE = ".lv-corner, .lv-letter, .lv-scale, .lv-cross, .lv-progress { visibility: hidden }"


def marked(spacing_mm: tuple[float, float, float], slices: int) -> Volume:
    """A smooth thorax with a dense ball at its left."""
    volume = thorax(slices=slices, spacing_mm=spacing_mm).volume
    middle = volume.to_mm((np.array(volume.shape) - 1) / 2)
    index = np.moveaxis(np.indices(volume.shape), 0, -1)
    away = np.linalg.norm(volume.to_mm(index) - (middle + MARKER_MM), axis=-1)
    hu = np.where(away < MARKER_RADIUS_MM, MARKER_HU, volume.hu).astype(np.float32)
    return replace(volume, hu=gaussian_filter(hu, 4.0).round().astype(np.int16))


def moved(volume: Volume, linear: NDArray[np.float64]) -> Volume:
    """The same voxels, elsewhere in space."""
    affine = volume.affine.copy()
    affine[:3] = linear @ affine[:3]
    return replace(volume, affine=affine)


def turned(volume: Volume) -> Volume:
    """The same patient, stored from the left and the back on."""
    affine = volume.affine.copy()
    affine[:3, 3] = volume.to_mm((0, volume.shape[1] - 1, volume.shape[2] - 1))
    affine[:3, 1:3] *= -1
    return replace(volume, affine=affine, hu=volume.hu[:, ::-1, ::-1].copy())


def cases() -> dict[str, Volume]:
    upright = marked((5.0, 1.40625, 1.40625), 50)
    tilt = np.eye(3)
    tilt[1, 2] = np.tan(np.radians(12))  # slices lean back towards the head
    return {
        "upright": upright,
        "turned": turned(upright),
        "oblique": moved(
            upright, Rotation.from_euler("xyz", (14, -9, 11), degrees=True).as_matrix()
        ),
        "tilted": moved(upright, tilt),
        "anisotropic": marked((7.5, 1.2, 2.0), 34),
    }


CASES = ("upright", "turned", "oblique", "tilted", "anisotropic")


@pytest.fixture(scope="module")
def volumes() -> dict[str, Volume]:
    return cases()


@pytest.fixture(scope="module")
def worklist(
    page: Page, volumes: dict[str, Volume], tmp_path_factory: pytest.TempPathFactory
) -> Page:
    folder = tmp_path_factory.mktemp("series")
    for name, volume in volumes.items():
        text = SeriesText(
            uid_seed=name,
            patient_id=name.upper(),
            patient_name="PHANTOM",
            study_description="PHANTOM",
            series_description=name,
            phantom=True,
        )
        write_series(volume, folder / name, text)
    upload_folder(page, folder)
    return page


@pytest.fixture(scope="module", params=CASES)
def case(
    request: pytest.FixtureRequest, worklist: Page, volumes: dict[str, Volume]
) -> tuple[Viewer, Volume]:
    """The viewer on one of them: three panes, a wide window, nothing written over the slices."""
    page, name = worklist, request.param
    page.set_viewport_size(SCREEN)
    page.goto(page.url.split("/review")[0])
    page.click(f'tr[data-series]:has-text("{name.upper()}") td.patient a')
    viewer = Viewer(page)
    page.wait_for_selector("[data-lungviewer][data-slices]")
    viewer.wait_loaded()
    page.add_style_tag(content=BARE)
    for key, told in (("v", ("layout", "three")), ("h", ("overlays", "false"))):
        page.keyboard.press(key)
        viewer.wait(*told)
    viewer.type_window(CENTER, WIDTH)
    return viewer, volumes[name]


def ways(volume: Volume, pane: str) -> list[tuple[int, int]]:
    """The axis of the grid through, down and across a pane, and 1 where it runs to the left, the
    back or the head."""
    axes = volume.affine[:3, :3] / volume.spacing_mm
    grid = [int(np.abs(axes[patient]).argmax()) for patient in PANES[pane]]
    return [(g, int(np.sign(axes[p, g]))) for p, g in zip(PANES[pane], grid, strict=True)]


def slice_of(viewer: Viewer, volume: Volume, pane: str) -> int:
    """The index of the slice shown: numbers go on from the head, the front and the right."""
    node = viewer.page.locator(f"[data-pane={pane}]")
    number, count = (int(node.get_attribute(f"data-{name}") or 0) for name in ("slice", "slices"))
    (_, sign), *_ = ways(volume, pane)
    onward = -sign if pane == "axial" else sign
    return number - 1 if onward > 0 else count - number


def places(
    volume: Volume, pane: str, width: float, height: float, zoom: float = 1
) -> tuple[NDArray, NDArray]:
    """Indices down and across the plane at the middles of a stage's pixels: the whole plane, as
    large as it fits and then zoomed, its middle in the middle of the stage."""
    _, (down, down_sign), (across, across_sign) = ways(volume, pane)
    right = volume.affine[:3, across] * across_sign
    bottom = volume.affine[:3, down] * (down_sign if pane == "axial" else -down_sign)
    unit = right / np.linalg.norm(right)
    lean = bottom @ unit
    down_mm, across_mm = np.sqrt(bottom @ bottom - lean**2), np.linalg.norm(right)
    rows, columns = volume.shape[down], volume.shape[across]
    scale = min(width / (columns * across_mm + rows * abs(lean)), height / (rows * down_mm))
    scale *= zoom
    y, x = np.meshgrid(np.arange(height) + 0.5, np.arange(width) + 0.5, indexing="ij")
    v = (y - height / 2) / scale / down_mm
    u = ((x - width / 2) / scale - lean * v) / across_mm
    at_down, at_across = v + (rows - 1) / 2, u + (columns - 1) / 2
    if (down_sign if pane == "axial" else -down_sign) < 0:
        at_down = rows - 1 - at_down
    if across_sign < 0:
        at_across = columns - 1 - at_across
    return at_down, at_across


def plane_of(viewer: Viewer, volume: Volume, pane: str) -> NDArray[np.float64]:
    """The greys of the slice shown, rows down and columns across the pane."""
    (through, _), (down, _), (across, _) = ways(volume, pane)
    hu = np.transpose(volume.hu, (through, down, across))[slice_of(viewer, volume, pane)]
    return np.clip(((hu - (CENTER - 0.5)) / (WIDTH - 1) + 0.5) * 255, 0, 255).round()


def shown(viewer: Viewer, pane: str) -> NDArray[np.float64]:
    """The pixels of a pane's stage, from the screen."""
    stage = viewer.page.locator(f"[data-pane={pane}] .lv-stage")
    box = stage.bounding_box()
    assert box
    assert all(value == int(value) for value in box.values()), box
    return np.asarray(Image.open(io.BytesIO(stage.screenshot())).convert("L"), float)


def look(viewer: Viewer, smooth: bool) -> None:
    told = f'.lv-image[data-smooth="{str(smooth).lower()}"]'
    if not viewer.page.locator(told).count():
        viewer.page.keyboard.press("i")
        viewer.page.locator(told).first.wait_for()


@pytest.mark.parametrize("pane", PANES)
def test_smooth_pixels_are_the_slice_between_its_voxels(
    case: tuple[Viewer, Volume], pane: str
) -> None:
    viewer, volume = case
    look(viewer, smooth=True)
    found = shown(viewer, pane)
    greys = plane_of(viewer, volume, pane)
    at = places(volume, pane, found.shape[1], found.shape[0])
    wanted = map_coordinates(greys, at, order=1, mode="nearest")
    difference = np.abs(found - wanted)[inside(at, greys, 1)]
    assert difference.size > 20_000
    leans = np.ptp(at[1], axis=0).max() > 1  # there the browser places a little less finely
    assert difference.max() <= (1.25 if leans else 1)


def test_zoomed_pixels_are_the_slice_too(case: tuple[Viewer, Volume]) -> None:
    viewer, volume = case
    look(viewer, smooth=True)
    image = viewer.page.locator("[data-pane=axial] .lv-image")
    before = image.bounding_box()
    assert before
    for _ in range(3):
        viewer.page.keyboard.press("+")
    viewer.page.wait_for_function(
        "w => document.querySelector('[data-pane=axial] .lv-image').getBoundingClientRect().width"
        " > 1.9 * w",
        arg=before["width"],
    )
    found = shown(viewer, "axial")
    greys = plane_of(viewer, volume, "axial")
    at = places(volume, "axial", found.shape[1], found.shape[0], zoom=1.25**3)
    wanted = map_coordinates(greys, at, order=1, mode="nearest")
    difference = np.abs(found - wanted)[inside(at, greys, 1)]
    viewer.page.keyboard.press("f")
    assert difference.max() <= 1


@pytest.mark.parametrize("pane", PANES)
def test_sharp_pixels_are_the_nearest_voxels(case: tuple[Viewer, Volume], pane: str) -> None:
    viewer, volume = case
    look(viewer, smooth=False)
    found = shown(viewer, pane)
    greys = plane_of(viewer, volume, pane)
    at = places(volume, pane, found.shape[1], found.shape[0])
    wanted = map_coordinates(greys, at, order=0, mode="nearest")
    if np.ptp(at[1], axis=0).max() > 1:  # the pane leans: which is nearest rounding decides
        around = np.stack([np.roll(greys, move, axis=1) for move in (-1, 0, 1)])
        low, high = (map_coordinates(g, at, order=0) for g in (around.min(0), around.max(0)))
        assert np.all(((found >= low - 1) & (found <= high + 1))[inside(at, greys, 2)])
        return
    clear = np.all([np.abs(index % 1 - 0.5) > NEAR_EDGE for index in at], axis=0)
    difference = np.abs(found - wanted)[inside(at, greys, 1) & clear]
    assert difference.size > 10_000
    assert difference.max() <= 1


def inside(at: tuple[NDArray, NDArray], greys: NDArray, margin: float) -> NDArray[np.bool_]:
    """The pixels that show the plane, but for its edge and the stage's."""
    within = np.all(
        [(i >= margin) & (i <= n - 1 - margin) for i, n in zip(at, greys.shape, strict=True)],
        axis=0,
    )
    within[:MARGIN] = within[-MARGIN:] = within[:, :MARGIN] = within[:, -MARGIN:] = False
    return within


def test_the_marker_at_the_left_is_at_the_right_of_the_screen(case: tuple[Viewer, Volume]) -> None:
    viewer, volume = case
    page = viewer.page
    dense = np.argwhere(volume.hu > DENSE_HU)
    index = dense.mean(axis=0)
    through = ways(volume, "axial")[0][0]
    page.keyboard.press("Home")
    viewer.wait("slice", "1")
    for _ in range(volume.shape[through]):
        if slice_of(viewer, volume, "axial") == round(index[through]):
            break
        number = viewer.tells("slice")
        page.keyboard.press("ArrowDown")
        page.wait_for_function(
            "n => document.querySelector('[data-lungviewer]').dataset.slice !== n", arg=number
        )
    pixels = shown(viewer, "axial")
    pixels[:MARGIN] = pixels[-MARGIN:] = pixels[:, :MARGIN] = pixels[:, -MARGIN:] = 0  # its frame
    rows, columns = np.nonzero(pixels > 255 * (DENSE_HU / WIDTH + 0.5))
    assert columns.mean() > pixels.shape[1] * 0.6, "the patient's left is at the right"
    letters = {
        edge: page.locator(f"[data-pane=axial] .lv-letter.lv-{edge}").text_content()
        for edge in ("left", "right", "top", "bottom")
    }
    assert letters == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    row, column = round(rows.mean()), round(columns.mean())
    box = page.locator("[data-pane=axial] .lv-stage").bounding_box()
    assert box
    page.mouse.move(box["x"] + column + 0.5, box["y"] + row + 0.5)
    page.wait_for_function(
        "() => document.querySelector('[data-pane=axial] .lv-pointer').textContent.includes('HU')"
    )
    told = page.locator("[data-pane=axial] .lv-pointer").text_content() or ""
    numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", told.replace("−", "-"))]
    at = [axis[row, column] for axis in places(volume, "axial", pixels.shape[1], pixels.shape[0])]
    slice_ = slice_of(viewer, volume, "axial")
    under = np.array([slice_, *at])  # axial slices are those stored, in rows and columns
    assert numbers[0] == volume.hu[tuple(under.round().astype(int))]
    assert numbers[1:] == pytest.approx(volume.to_mm(under), abs=0.06)
    assert np.linalg.norm(np.array(numbers[1:]) - volume.to_mm(index)) < 8
