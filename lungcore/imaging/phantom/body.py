"""The large organs of a thorax, painted slice by slice.

Coordinates are LPS mm with the origin in the middle of the body at its lowest slice: x to the
patient's left, y to the back, z to the head. The lungs reach from about 20 to 287 mm.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.phantom.canvas import Canvas

Plane = NDArray[np.float32]

HEIGHT_MM = 300.0
APEX_MM = 287.0
AIR, LUNG, FAT, MUSCLE, BLOOD, LIVER, SPLEEN, GAS = -1000, -868, -102, 54, 42, 60, 50, -985
SPONGY, CORTEX, DISC, COUCH = 180, 560, 80, -420
WALL_MM = 30.0  # from skin to pleura at the side


class Slab:
    """One slice being painted.

    Shapes are depths below their edge, in mm, on a coarse grid: they are smooth, so that this is
    exact enough and a sixteenth of the work. `fill` paints them at full resolution.
    """

    def __init__(self, canvas: Canvas, number: int, z: float, phases: NDArray[np.float64]) -> None:
        self.z = z
        self.hu = canvas.hu[number]
        self.pixel_mm = canvas.spacing_mm[2]
        self.step = coarse_step(self.pixel_mm)
        self.y = _coarse(canvas.axis(1), self.step)[:, None]
        self.x = _coarse(canvas.axis(2), self.step)[None, :]
        angle = np.arctan2(self.y, self.x)
        self.ripple = (
            1.8 * np.sin(3 * angle + phases[0] + z / 60)
            + 1.2 * np.sin(5 * angle + phases[1] - z / 45)
            + 0.6 * np.sin(11 * angle + phases[2] + z / 25)
        ).astype(np.float32)

    def share(self, depth_mm: Plane) -> Plane:
        """Share of each pixel of the slice inside a shape."""
        share = np.zeros_like(self.hu)
        for part, fine in self._parts(depth_mm):
            share[part] = np.clip(fine / self.pixel_mm + 0.5, 0, 1)
        return share

    def fill(self, depth_mm: Plane, hu: float) -> None:
        """Paint `hu` inside a shape."""
        for part, fine in self._parts(depth_mm):
            target = self.hu[part]
            target += np.clip(fine / self.pixel_mm + 0.5, 0, 1) * (hu - target)

    def fine(self, coarse: Plane) -> Plane:
        """Values of the coarse grid at full resolution."""
        return np.asarray(cv2.resize(coarse.astype(np.float32), self.hu.shape[::-1]), np.float32)

    def ellipse(self, x: float, y: float, half_x: float, half_y: float, power: float = 2) -> Plane:
        """Depth below the edge of an ellipse, or of one nearer to a box."""
        across, along = np.abs(self.x - x) / half_x, np.abs(self.y - y) / half_y
        return (1 - (across**power + along**power) ** (1 / power)) * min(half_x, half_y)

    def _parts(self, depth_mm: Plane) -> Iterator[tuple[tuple[slice, slice], Plane]]:
        """The part of the slice that a shape touches, and its depths there; nothing if none."""
        touched = depth_mm > -3 * self.step * self.pixel_mm
        rows, columns = np.flatnonzero(touched.any(1)), np.flatnonzero(touched.any(0))
        if len(rows) and len(columns):
            coarse = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1))
            part = (_of_fine(coarse[0], self.step), _of_fine(coarse[1], self.step))
            shape = (part[1].stop - part[1].start, part[0].stop - part[0].start)
            box = depth_mm[coarse].astype(np.float32)
            yield part, np.asarray(cv2.resize(box, shape), np.float32)


def coarse_step(pixel_mm: float) -> int:
    """Pixels between the points at which shapes are computed: 3 mm, about."""
    return 4 if pixel_mm < 1 else 2 if pixel_mm < 2 else 1


def _coarse(axis: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    return axis.reshape(-1, step).mean(axis=1)


def _of_fine(part: slice, step: int) -> slice:
    return slice(part.start * step, part.stop * step)


def paint_body(canvas: Canvas, rng: np.random.Generator) -> NDArray[np.float32]:
    """Paint all but ribs, vessels and airways; returns the share of lung in each voxel."""
    phases = rng.uniform(0, 2 * np.pi, 3)
    lung = np.empty_like(canvas.hu)
    for number, z in enumerate(canvas.axis(0)):
        slab = Slab(canvas, number, float(z), phases)
        _paint_wall(slab)
        _paint_abdomen(slab)
        _paint_mediastinum(slab)
        lung[number] = slab.share(_lung_depth(slab))
        # Blood pools in the dependent parts: the lung is denser towards the back.
        tissue = LUNG + 0.32 * np.clip(canvas.axis(1)[:, None] + 40, -40, 110)
        slab.hu += lung[number] * (tissue - slab.hu)
        _paint_fissures(slab, lung[number])
        _paint_spine(slab)
    return lung


def half_width_mm(z: float) -> float:
    """Half of the body's width."""
    return 158 - 14 * (max(z - 200, 0) / 100) ** 2 - 6 * max(80 - z, 0) / 80


def half_depth_mm(z: float) -> float:
    """Half of the body's depth."""
    return 112 - 14 * (max(z - 180, 0) / 120) ** 1.5


def cavity_mm(z: float) -> tuple[float, float]:
    """Half width and half depth of the inside of the rib cage."""
    up = np.clip((z - 90) / (APEX_MM + 3 - 90), 0, 1)
    narrowing = float(np.sqrt(1 - 0.94 * up**3.2))
    return (half_width_mm(z) - WALL_MM) * narrowing, (half_depth_mm(z) - 24) * narrowing**0.8


def _paint_wall(slab: Slab) -> None:
    width, depth = half_width_mm(slab.z), half_depth_mm(slab.z)
    couch = slab.ellipse(0, -238, 420, 372)
    slab.fill(couch, COUCH)
    slab.fill(couch - 2.2, AIR)
    slab.fill(slab.ellipse(0, 0, width, depth, 2.4) + slab.ripple, MUSCLE - 30)  # the skin
    slab.fill(slab.ellipse(0, 0, width - 2, depth - 2, 2.4) + slab.ripple, FAT)
    slab.fill(slab.ellipse(0, 2, width - 15, depth - 11, 2.3) + 1.6 * slab.ripple, MUSCLE)
    # Fat planes part the muscles of the chest wall.
    plane = slab.ellipse(0, 1, width - 21, depth - 15, 2.3) - 2 * slab.ripple
    slab.fill(plane, FAT + 30)
    slab.fill(plane - 1.3, MUSCLE)
    if slab.z > 195:
        for side in (-1, 1):  # the armpits
            armpit = slab.ellipse(side * 112, 6, 19, 26) + 2 * slab.ripple
            slab.fill(armpit + (slab.z - 235) / 12, FAT)
    half_x, half_y = cavity_mm(slab.z)
    slab.fill(slab.ellipse(0, 0, half_x + 4, half_y + 4, 2.2) + slab.ripple, MUSCLE - 15)
    slab.fill(slab.ellipse(0, 0, half_x + 1.5, half_y + 1.5, 2.2) + slab.ripple, FAT + 10)


def _dome_depth(slab: Slab) -> Plane:
    """Height of a point above the diaphragm, in mm, about."""
    right = 96 - 0.0150 * (slab.x + 70) ** 2
    left = 84 - 0.0160 * (slab.x - 74) ** 2
    middle = 80 - 0.010 * (slab.x - 8) ** 2  # the heart lies on it
    dome = np.maximum(np.maximum(right, left), middle)
    back = np.clip(slab.y - 5, 0, None)
    front = np.clip(-10 - slab.y, 0, None)
    dome = dome - 0.0125 * back**2 - 0.0040 * front**2 + 1.5 * slab.ripple
    # Steep walls: the depth in the plane is what the edge of a slice shows.
    return (slab.z - dome) * 0.6


def _lung_depth(slab: Slab) -> Plane:
    half_x, half_y = cavity_mm(slab.z)
    cavity = slab.ellipse(0, 0, half_x, half_y, 2.2) + slab.ripple
    # How far the mediastinum reaches to each side, from front to back.
    half = np.interp(slab.y[:, 0], (-90, -55, -20, 12, 34, 60, 100), (4, 13, 29, 27, 19, 15, 15))
    beside = np.abs(slab.x - 2) - half[:, None] + 0.8 * slab.ripple
    depth = np.minimum(np.minimum(cavity, beside), _dome_depth(slab))
    for solid in (_heart_depth(slab) + 4, _descending_aorta(slab) + 1.5, _arch(slab) + 2.5):
        depth = np.minimum(depth, -solid)
    spine = slab.ellipse(0, _spine_y(slab.z) + 12, 22, 28, 2.3)
    # The transverse processes and the muscles beside them lie outside the pleura.
    beside_spine = slab.ellipse(0, _spine_y(slab.z) + 30, 42, 18, 2.3)
    return np.minimum(depth, -np.maximum(spine, beside_spine)).astype(np.float32)


def _descending_aorta(slab: Slab) -> Plane:
    return np.minimum(slab.ellipse(24, 44, 12.5, 12.5), 208 - slab.z)


def _arch(slab: Slab) -> Plane:
    """The aortic arch, from the right in front to the left behind."""
    dx, dy = slab.x - 8, slab.y - 12
    along, across = 0.45 * dx + 0.89 * dy, 0.89 * dx - 0.45 * dy
    up = (slab.z - 200) / 14
    radius = np.sqrt((along / 46) ** 2 + (across / 13) ** 2 + up**2)
    return ((1 - radius) * 13).astype(np.float32)


def _spine_y(z: float) -> float:
    return float(60 + 6 * np.sin((z - 120) / 95))


def _heart_depth(slab: Slab) -> Plane:
    """An ellipsoid whose long axis points to the left and the front, and somewhat down."""
    dx, dy, dz = slab.x - 20, slab.y + 28, slab.z - 98
    long = 0.80 * dx - 0.50 * dy - 0.33 * dz
    across = 0.53 * dx + 0.85 * dy
    up = 0.28 * dx - 0.17 * dy + 0.94 * dz
    radius = np.sqrt((long / 66) ** 2 + (across / 46) ** 2 + (up / 50) ** 2)
    return ((1 - radius) * 48 + slab.ripple).astype(np.float32)


def _paint_abdomen(slab: Slab) -> None:
    """Liver on the right, spleen and stomach on the left, fat between, all under the diaphragm."""
    half_x, half_y = cavity_mm(slab.z)
    below = np.minimum(slab.ellipse(0, 0, half_x, half_y, 2.2) + slab.ripple, -_dome_depth(slab))
    slab.fill(below, FAT)
    liver = np.minimum(below - 2, slab.ellipse(-52, -8, 98, 88) + 2 * slab.ripple)
    slab.fill(liver, LIVER)
    slab.fill(np.minimum(below - 2, slab.ellipse(84, 42, 42, 38) + slab.ripple), SPLEEN)
    stomach = np.minimum(below - 3, slab.ellipse(66, -32, 44, 36) + 2 * slab.ripple)
    slab.fill(stomach, 35)
    slab.fill(np.minimum(stomach - 4, -38 - slab.y), GAS)  # the gas has risen


def _paint_mediastinum(slab: Slab) -> None:
    half_x, half_y = cavity_mm(slab.z)
    inside = slab.ellipse(0, 0, half_x, half_y, 2.2) + slab.ripple
    middle = np.minimum(inside, 46 - np.abs(slab.x))
    slab.fill(np.minimum(middle, _dome_depth(slab)), FAT + 8)
    heart = _heart_depth(slab)
    slab.fill(heart + 1.5, FAT)
    slab.fill(heart, MUSCLE - 6)
    slab.fill(heart - 11, BLOOD)
    _paint_great_vessels(slab)
    slab.fill(slab.ellipse(4, 34, 8, 6), MUSCLE - 12)  # oesophagus
    slab.fill(slab.ellipse(4.5, 33, 2.6, 1.8), -350)


def _paint_great_vessels(slab: Slab) -> None:
    z = slab.z
    slab.fill(_descending_aorta(slab), BLOOD)
    slab.fill(_arch(slab), BLOOD)
    if 110 < z < 210:
        slab.fill(slab.ellipse(-12 + (z - 110) * 0.06, -22 + (z - 110) * 0.02, 16, 15.5), BLOOD)
    if 120 < z < 275:
        slab.fill(slab.ellipse(-27, -14 + (z - 120) * 0.03, 9.5, 8.5), BLOOD)  # superior vena cava
    if 148 < z < 182:
        fade = 1 - abs(z - 165) / 17
        slab.fill(slab.ellipse(14, -16, 17 * fade + 2, 22 * fade + 2), BLOOD)
        slab.fill(slab.ellipse(-14, 4, 30 * fade + 2, 9 * fade + 2), BLOOD)
    for x, y, radius in ((-13, -8, 6), (4, 2, 4.2), (17, 10, 4.8)):  # branches of the arch
        if z > 210:
            slab.fill(slab.ellipse(x * (1 + (z - 210) / 160), y, radius, radius), BLOOD)
    if z > 262:
        slab.fill(slab.ellipse(0, -24, 24, 9), MUSCLE + 40)  # thyroid, rich in iodine


def _paint_fissures(slab: Slab, lung: Plane) -> None:
    """The oblique fissures, and the horizontal one on the right: sheets of less than a voxel."""
    oblique = (slab.y - 62 + (150 - slab.z) * 0.78) * 0.79 - 0.02 * (slab.z - 60)
    bend = 5 * np.sin(slab.x / 34)
    right = np.where(slab.x < 0, oblique + bend - 10, 1e3)
    left = np.where(slab.x > 0, oblique - bend, 1e3)
    horizontal = np.where((slab.x < 0) & (right < 0), slab.z - 152 + bend + slab.y * 0.1, 1e3)
    for sheet in (right, left, horizontal):
        thickness_mm = 0.9 * slab.pixel_mm + 0.35
        if np.abs(sheet).min() < 4 * slab.step:
            near = np.clip(1 - np.abs(slab.fine(sheet)) / thickness_mm, 0, 1)
            slab.hu += lung * near * 105


def _paint_spine(slab: Slab) -> None:
    centre = _spine_y(slab.z)
    period = slab.z % 24
    body = slab.ellipse(0, centre, 16.5, 13.5, 2.5)
    if period < 4.5:
        slab.fill(body, DISC)
    else:
        ends = period < 6.5 or period > 22
        slab.fill(body, CORTEX - 120 if ends else CORTEX)
        slab.fill(body - 1.6, 300 if ends else SPONGY)
    slab.fill(slab.ellipse(0, centre + 24, 17, 12), CORTEX - 150)  # the arch, around the canal
    slab.fill(slab.ellipse(0, centre + 22.5, 11.5, 9.5), 25)
    if 7 < period < 17:
        wings = np.minimum(slab.ellipse(0, centre + 22, 34, 5.5), np.abs(slab.x) - 11)
        slab.fill(wings, CORTEX - 200)
        slab.fill(wings - 1.8, SPONGY)
        spine = slab.ellipse(0, centre + 36, 3.4, 10)
        slab.fill(spine, CORTEX - 160)
    if 110 < slab.z < 262:
        front = -(half_depth_mm(slab.z) - 17)
        slab.fill(slab.ellipse(0, front, 19, 5.5, 2.5), CORTEX - 130)  # sternum
        slab.fill(slab.ellipse(0, front, 17, 3.8, 2.5), SPONGY - 60)
