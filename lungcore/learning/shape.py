"""A nodule's size, shape and density from its own segmentation."""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.learning.crops import Stack

HIGHEST_HU = 1200
CALCIUM_HU = 220
SHELL_MM = (2.0, 5.0)  # around the nodule: what it lies in
RIM_MM = 1.4  # on both sides of its border
# What `describe` gives.
FEATURES = (
    "log_diameter",  # of the sphere of the same volume, mm
    "log_area_diameter",  # of the circle of the largest axial area, mm
    "log_long_axis",  # of the largest axial area, mm
    "log_short_axis",
    "log_height",  # of all planes that it reaches into, mm
    "elongation",
    "circularity",
    "solidity",  # share of its convex hull that it fills
    "hu_mean",
    "hu_deviation",
    "hu_10",  # percentiles
    "hu_90",
    "hu_highest",
    "hu_core",
    "log_calcium",  # mm3
    "hu_shell",
    "edge",  # HU from just outside to just inside
    "doubt",  # how undecided the segmentation is
    "surest",  # highest logit
)


def component(logits: NDArray[np.float32], stack: Stack) -> NDArray[np.bool_]:
    """The connected part of the mask at, or nearest to, the centre of `stack`.

    logits: (planes, SIDE, SIDE). Where nothing is segmented, the four pixels at the centre.
    """
    inside = logits > 0
    plane, row, column = (int(value) for value in stack.centre)
    if not inside.any():
        inside[plane, row : row + 2, column : column + 2] = True
        return inside
    labels, _ = ndimage.label(inside)
    nearest = ndimage.distance_transform_edt(
        ~inside, sampling=stack.spacing_mm, return_distances=False, return_indices=True
    )
    return labels == labels[tuple(nearest[:, plane, row, column])]


def holds_centre(mask: NDArray[np.bool_], stack: Stack) -> bool:
    """Whether the mask has the centre of `stack` in it."""
    plane, row, column = (int(value) for value in stack.centre)
    return bool(mask[plane, row : row + 2, column : column + 2].any())


def goes_on(mask: NDArray[np.bool_], stack: Stack) -> bool:
    """Whether the mask touches a side of the planes beyond which the volume has more to show."""
    sides = mask[:, [0, -1]].any() or mask[:, :, [0, -1]].any()
    below, above = (
        mask[plane].any() and not end for plane, end in zip((0, -1), stack.ends, strict=True)
    )
    return bool(sides or below or above)


def equivalent_diameter_mm(mask: NDArray[np.bool_], stack: Stack) -> float:
    """The diameter of the sphere of the same volume."""
    volume_mm3 = np.count_nonzero(mask) * np.prod(stack.spacing_mm)
    return float((6 * volume_mm3 / np.pi) ** (1 / 3))


def describe(
    stack: Stack, logits: NDArray[np.float32], mask: NDArray[np.bool_]
) -> dict[str, float]:
    """`FEATURES` of the nodule that fills `mask` (planes, SIDE, SIDE), which is not empty."""
    _, pixel_mm, _ = stack.spacing_mm
    areas = mask.sum(axis=(1, 2)) * pixel_mm**2
    largest = int(areas.argmax())
    return {
        "log_diameter": np.log(equivalent_diameter_mm(mask, stack)),
        "log_area_diameter": np.log(2 * np.sqrt(areas[largest] / np.pi)),
        "log_height": np.log((areas > 0).sum() * stack.spacing_mm[0] + 1),
        **_outline(mask[largest], pixel_mm),
        **_density(stack, mask),
        **_doubt(stack, logits, mask),
    }


def _outline(plane: NDArray[np.bool_], pixel_mm: float) -> dict[str, float]:
    """Axes and form of the largest contour of an axial plane of the mask."""
    contours, _ = cv2.findContours(plane.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=len)
    points = contour[:, 0].astype(float) * pixel_mm
    distances = np.linalg.norm(points[:, None] - points, axis=-1)
    _, sides, _ = cv2.minAreaRect(contour)
    short, long = sorted((side + 1) * pixel_mm for side in sides)
    area = np.count_nonzero(plane) * pixel_mm**2
    round_mm = cv2.arcLength(contour, closed=True) * pixel_mm + 1e-3
    hull = cv2.contourArea(cv2.convexHull(contour)) * pixel_mm**2
    return {
        "log_long_axis": np.log(distances.max() + pixel_mm),
        "log_short_axis": np.log(short),
        "elongation": long / short,
        "circularity": 4 * np.pi * area / round_mm**2,
        "solidity": area / (hull + 4 * pixel_mm**2),
    }


def _density(stack: Stack, mask: NDArray[np.bool_]) -> dict[str, float]:
    hu = np.clip(stack.hu, -1000, HIGHEST_HU)
    depth = ndimage.distance_transform_edt(mask, sampling=stack.spacing_mm)
    away = ndimage.distance_transform_edt(~mask, sampling=stack.spacing_mm)
    inside, core = hu[mask], hu[mask & (depth >= depth.max() / 2)]
    shell = np.minimum(hu[(away > SHELL_MM[0]) & (away < SHELL_MM[1])], 400)
    outer = np.minimum(hu[(away > 0) & (away <= RIM_MM)], 400)
    inner = np.minimum(hu[mask & (depth <= RIM_MM)], 400)
    return {
        "hu_mean": inside.mean(),
        "hu_deviation": inside.std(),
        "hu_10": np.percentile(inside, 10),
        "hu_90": np.percentile(inside, 90),
        "hu_highest": np.percentile(inside, 99.5),
        "hu_core": core.mean(),
        "log_calcium": np.log1p((inside > CALCIUM_HU).sum() * np.prod(stack.spacing_mm)),
        "hu_shell": shell.mean() if shell.size else -800.0,
        "edge": inner.mean() - outer.mean() if outer.size else 0.0,
    }


def _doubt(stack: Stack, logits: NDArray[np.float32], mask: NDArray[np.bool_]) -> dict[str, float]:
    away = ndimage.distance_transform_edt(~mask, sampling=stack.spacing_mm)
    share = 1 / (1 + np.exp(-logits))
    undecided = (share * (1 - share))[away < SHELL_MM[0]].sum()
    return {"doubt": undecided / mask.sum(), "surest": float(logits.max())}
