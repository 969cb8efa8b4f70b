"""A thorax made by code alone, with nodules whose truth is exact.

For trying the application without patient data, and for tests. It is believable, not anatomical:
no figure on it says anything about real patients.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.imaging.phantom import trees
from lungcore.imaging.phantom.body import AIR, BLOOD, GAS, HEIGHT_MM, paint_body
from lungcore.imaging.phantom.bones import paint_bones
from lungcore.imaging.phantom.canvas import Canvas
from lungcore.imaging.phantom.nodules import Kind, Nodule, paint_nodule
from lungcore.imaging.volume import Volume

__all__ = ["Nodule", "Phantom", "thorax"]

FIELD_MM = 360.0
SHARPNESS_MM = 0.55  # standard deviation of the point spread in the plane
LOWEST_HU, HIGHEST_HU = -1024, 3071
# Kind, diameter in mm, distance of the centre to the nearest tissue in mm (from, to), side.
NODULES: tuple[tuple[Kind, float, tuple[float, float], int], ...] = (
    ("spiculated", 17.0, (14.0, 32.0), 1),
    ("solid", 8.5, (10.0, 28.0), -1),
    ("part_solid", 14.0, (12.0, 32.0), -1),
    ("ground_glass", 11.0, (10.0, 30.0), 1),
    ("pleural", 10.0, (0.5, 3.5), -1),
    ("solid", 5.5, (8.0, 30.0), 1),
)
APART_MM = 30.0
CARINA = (178.0, 14.0, 0.0)  # (z, y, x) in mm
AIRWAYS_WITHIN_MM = 72.0  # of the hilum; beyond, their walls are too thin to be seen
AIRWAY_WALL_HU = -250.0
LOBULES_HU = 14.0  # deviation of the lung's own texture
FIELDS = 8  # of noise, mixed anew for each slice


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A volume and the nodules in it."""

    volume: Volume
    nodules: tuple[Nodule, ...]


def thorax(
    *,
    seed: int = 0,
    slices: int = 140,
    spacing_mm: tuple[float, float, float] = (2.0, 0.703125, 0.703125),
) -> Phantom:
    """A thorax of `slices` slices around its middle; the same seed gives the same voxels.

    spacing_mm: along (slice, row, column), each at most 8. Rows and columns make up 360 mm.
    A volume too thin for six nodules has fewer.

    Raises ValueError when there are no slices or the spacing is not above 0 and at most 8 mm.
    """
    if slices < 1:
        raise ValueError(f"slices must be at least 1, not {slices}")
    if not all(0 < step <= 8 for step in spacing_mm):
        raise ValueError(f"spacing_mm must be above 0 and at most 8, not {spacing_mm}")
    rng = np.random.default_rng(seed)
    canvas = _canvas(slices, spacing_mm)
    lung = paint_body(canvas, rng)
    paint_bones(canvas)
    _paint_trees(canvas, lung, rng)
    nodules = _place_nodules(canvas, lung, rng)
    for nodule in nodules:
        paint_nodule(canvas, nodule, rng)
    return Phantom(_finished(canvas, lung, rng), nodules)


def _canvas(slices: int, spacing_mm: tuple[float, float, float]) -> Canvas:
    _, row_mm, column_mm = spacing_mm
    rows, columns = (4 * round(FIELD_MM / step / 4) for step in (row_mm, column_mm))
    origin_mm = (
        HEIGHT_MM / 2 - (slices - 1) / 2 * spacing_mm[0],
        -(rows - 1) / 2 * row_mm,
        -(columns - 1) / 2 * column_mm,
    )
    hu = np.full((slices, rows, columns), AIR, np.float32)
    return Canvas(hu, origin_mm, spacing_mm)


def _paint_trees(canvas: Canvas, lung: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Arteries, veins and airways of both lungs, and the windpipe."""
    carina = np.array(CARINA)
    for side in (-1, 1):
        tips = _tips(canvas, lung, side, rng)
        for root, count in (((160.0, 2.0, side * 24.0), 1100), ((132.0, 6.0, side * 22.0), 700)):
            vessels = trees.grow(np.array(root), tips[:count], tip_radius_mm=0.45, rng=rng)
            trees.paint(canvas, vessels, BLOOD, "lighter")
            tips = tips[count:]
        hilum = np.array((165.0, 8.0, side * 30.0))
        near = tips[np.linalg.norm(tips - hilum, axis=1) < AIRWAYS_WITHIN_MM][:32]
        airways = trees.grow(carina, np.vstack([hilum, near]), tip_radius_mm=0.9, rng=rng)
        trees.paint(canvas, airways, AIRWAY_WALL_HU, "lighter", grown_mm=0.6)
        trees.paint(canvas, airways, GAS, "darker")
    above = carina + np.array((250.0, -8.0, 0.0))
    canvas.capsule(carina, above, 9.8, 30)
    canvas.capsule(carina, above, 8.4, GAS)


def _tips(
    canvas: Canvas, lung: NDArray[np.float32], side: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Points (z, y, x) in mm, at random in one lung."""
    found = np.flatnonzero(lung[:, ::2, ::2] > 0.99)
    index = rng.choice(found, min(6000, found.size), replace=False)
    z, y, x = np.unravel_index(index, lung[:, ::2, ::2].shape)
    points = np.stack([z, 2 * y, 2 * x], axis=1) * canvas.spacing_mm + canvas.origin_mm
    return points[points[:, 2] * side > 0]


def _place_nodules(
    canvas: Canvas, lung: NDArray[np.float32], rng: np.random.Generator
) -> tuple[Nodule, ...]:
    """Nodules at random places of the wanted depth in the lung, apart from each other."""
    coarse = lung[:, ::4, ::4] > 0.5
    step_mm = np.array(canvas.spacing_mm) * (1, 4, 4)
    depth_mm = ndimage.distance_transform_edt(coarse, sampling=step_mm)
    placed: list[Nodule] = []
    for kind, diameter_mm, (shallow, deep), side in NODULES:
        z, y, x = np.nonzero((depth_mm >= shallow) & (depth_mm <= deep))
        points = np.stack([z, y, x], axis=1) * step_mm + canvas.origin_mm
        points = points[_usable(points, canvas, side, diameter_mm, placed)]
        if len(points):
            z_mm, y_mm, x_mm = points[rng.integers(len(points))]
            centre = (float(x_mm), float(y_mm), float(z_mm))
            malignant = kind in ("spiculated", "part_solid")
            placed.append(Nodule(centre, diameter_mm, kind, malignant))
    return tuple(placed)


def _usable(
    points: NDArray[np.float64],
    canvas: Canvas,
    side: int,
    diameter_mm: float,
    placed: list[Nodule],
) -> NDArray[np.bool_]:
    """Whether a nodule at (z, y, x) lies whole in the volume, off the hilum and the others."""
    low, high = canvas.axis(0)[[0, -1]]
    usable = (points[:, 2] * side > 45) & (points[:, 0] > 75)
    usable &= (points[:, 0] > low + diameter_mm / 2) & (points[:, 0] < high - diameter_mm / 2)
    for other in placed:
        usable &= np.linalg.norm(points - other.center_mm[::-1], axis=1) > APART_MM
    return usable


def _finished(canvas: Canvas, lung: NDArray[np.float32], rng: np.random.Generator) -> Volume:
    """The painted volume as a scanner would give it: blurred, noisy, in whole HU."""
    hu = np.empty(canvas.hu.shape, np.int16)
    blur = SHARPNESS_MM / canvas.spacing_mm[2]
    fields = [_grain(hu.shape[1:], (0.75, 2.2), rng) for _ in range(FIELDS)]
    lobules = [_grain(hu.shape[1:], (2.2, 7.0), rng) for _ in range(FIELDS)]
    for number, painted in enumerate(canvas.hu):
        value = cv2.GaussianBlur(painted, (0, 0), blur)
        value += _noise_hu(painted) * _mixed(fields, rng)
        value += LOBULES_HU * lung[number] * _mixed(lobules, rng)
        np.clip(np.rint(value, out=value), LOWEST_HU, HIGHEST_HU, out=value)
        hu[number] = value
    affine = np.eye(4)
    affine[:3, :3] = np.diag(canvas.spacing_mm)[::-1]
    affine[:3, 3] = canvas.origin_mm[::-1]
    return Volume(hu, affine)


def _grain(
    shape: tuple[int, ...], widths: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Noise of unit deviation between two widths in pixels, as filtered back projection's is."""
    white = rng.standard_normal(shape, np.float32)
    fine, coarse = (cv2.GaussianBlur(white, (0, 0), width) for width in widths)
    grain = fine - 0.85 * coarse
    return grain / grain.std()


def _mixed(fields: list[NDArray[np.float32]], rng: np.random.Generator) -> NDArray[np.float32]:
    """Two of the fields, each moved at random: as good as new noise, in a tenth of the time."""
    one, other = (fields[number] for number in rng.choice(len(fields), 2, replace=False))
    shifts = rng.integers(0, one.shape[0], 4)
    mixed = np.roll(one, shifts[:2], (0, 1))
    mixed += np.roll(other, shifts[2:], (0, 1))
    mixed *= np.float32(0.7071)
    return mixed


def _noise_hu(painted: NDArray[np.float32]) -> NDArray[np.float32]:
    """Deviation of the noise: most in the middle of the body, where most rays are absorbed."""
    inside = cv2.resize((painted > -500).astype(np.float32), (48, 48), interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(inside, (0, 0), 6)
    return np.asarray(5 + 20 * cv2.resize(smooth, painted.shape[::-1]), np.float32)
