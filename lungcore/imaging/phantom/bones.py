"""Ribs, shoulder blades and collar bones: rods along curves."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.phantom.body import CORTEX, SPONGY, cavity_mm
from lungcore.imaging.phantom.canvas import Canvas

RIBS = 12
STEPS = 34
RADIUS_MM = 5.0


def paint_bones(canvas: Canvas) -> None:
    """Paint all bones but the spine and the sternum."""
    for side in (-1, 1):
        for number in range(RIBS):
            _paint_rod(canvas, _rib(number, side), RADIUS_MM)
        _paint_rod(canvas, _collar_bone(side), 6.0)
        for line in _shoulder_blade(side):
            _paint_rod(canvas, line, 4.2)


def _rib(number: int, side: int) -> NDArray[np.float64]:
    """Points (z, y, x) from the spine around the cavity, descending to the front."""
    start_z = 292 - 24 * number
    length = 0.80 if number < 9 else 0.80 - 0.17 * (number - 8)
    points = []
    for way in np.linspace(0, length, STEPS):
        z = start_z + 10 * np.sin(np.pi * min(way * 4, 1)) - 62 * way**1.2
        half_x, half_y = cavity_mm(float(np.clip(z, 0, 265)))
        angle = np.pi * (0.42 - 0.98 * way)
        x, y = (half_x + 9) * np.cos(angle), (half_y + 9) * np.sin(angle)
        points.append((z, y, side * x))
    return np.array(points)


def _collar_bone(side: int) -> NDArray[np.float64]:
    way = np.linspace(0, 1, STEPS // 2)
    bend = 10 * np.sin(2 * np.pi * way)
    return np.stack([262 + 34 * way, -72 + 34 * way + bend, side * (18 + 105 * way)], axis=1)


def _shoulder_blade(side: int) -> list[NDArray[np.float64]]:
    """A plate behind the ribs, as rods that lie side by side."""
    lines = []
    for way in np.linspace(0, 1, 22):
        z = 165 + 118 * way
        half_x, half_y = cavity_mm(min(z, 235))
        near = (z, half_y * 0.80 + 20, side * (half_x * 0.52 + 8))
        far = (z + 14, half_y * 0.48 + 22, side * (half_x * (0.62 + 0.26 * way) + 22))
        lines.append(np.array([near, far]))
    return lines


def _paint_rod(canvas: Canvas, points: NDArray[np.float64], radius_mm: float) -> None:
    for start, end in pairwise(points):
        canvas.capsule(start, end, radius_mm, CORTEX, "lighter")
    for start, end in pairwise(points):
        canvas.capsule(start, end, radius_mm - 2.2, SPONGY)
