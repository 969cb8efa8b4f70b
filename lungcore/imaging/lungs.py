"""The lungs of a chest CT."""

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.volume import Volume

REDUCTION = 4  # in-plane; the mask is found on the reduced grid
LUNG_BELOW_HU = -300
GAS_BELOW_HU = -960  # the median of gas in bowel, airway or couch; emphysema stays above
SMALLEST_PART_ML = 40.0  # smaller are airways and bowel gas
SMALLEST_SHARE = 0.05  # of the largest part
CLOSING_RADIUS_MM = 10.0  # takes in vessels, and nodules at the pleura


def lung_mask(volume: Volume) -> NDArray[np.bool_]:
    """Where the lungs are, with the vessels and nodules in them; shape of the volume.

    Empty where there is no lung in the field of view. Large pleural masses and effusions stay
    outside.
    """
    if min(volume.shape[1:]) < 2 * REDUCTION:
        return np.zeros(volume.shape, bool)
    reduced = _reduce(volume.hu)
    parts = _lung_parts(reduced, _reduced_voxel_ml(volume))
    row_mm = volume.spacing_mm[1] * volume.shape[1] / reduced.shape[1]
    return _enlarge(_close(parts, CLOSING_RADIUS_MM / row_mm), volume.shape)


def mask_volume_ml(mask: NDArray[np.bool_], volume: Volume) -> float:
    """Volume of a mask on the grid of `volume`, in millilitres."""
    return np.count_nonzero(mask) * float(np.prod(volume.spacing_mm)) / 1000


def _reduce(hu: NDArray[np.int16]) -> NDArray[np.int16]:
    slices, rows, columns = hu.shape
    reduced = np.empty((slices, rows // REDUCTION, columns // REDUCTION), np.int16)
    for source, target in zip(hu, reduced, strict=True):
        cv2.resize(source, target.shape[::-1], dst=target, interpolation=cv2.INTER_AREA)
    return reduced


def _reduced_voxel_ml(volume: Volume) -> float:
    _, rows, columns = volume.shape
    reduction = rows * columns / ((rows // REDUCTION) * (columns // REDUCTION))
    return float(np.prod(volume.spacing_mm)) * reduction / 1000


def _lung_parts(hu: NDArray[np.int16], voxel_ml: float) -> NDArray[np.bool_]:
    """The large air-holding parts inside the body that are tissue and not gas."""
    air = (hu < LUNG_BELOW_HU) & _inside_body(hu)
    labels = cc3d.connected_components(air, connectivity=6)
    sizes_ml = np.bincount(labels.ravel()) * voxel_ml
    sizes_ml[0] = 0
    large = np.flatnonzero(sizes_ml >= max(SMALLEST_PART_ML, SMALLEST_SHARE * sizes_ml.max()))
    kept = [label for label in large if np.median(hu[labels == label]) > GAS_BELOW_HU]
    return np.isin(labels, kept)


def _inside_body(hu: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Per slice, what the air around the patient does not reach from the edge."""
    inside = np.empty(hu.shape, bool)
    for source, target in zip(hu, inside, strict=True):
        # A rim of air lets one fill start from every edge.
        outside = np.pad((source < LUNG_BELOW_HU).astype(np.uint8), 1, constant_values=1)
        cv2.floodFill(outside, None, (0, 0), 2)
        target[:] = outside[1:-1, 1:-1] != 2
    return inside


def _close(mask: NDArray[np.bool_], radius: float) -> NDArray[np.uint8]:
    size = 2 * round(radius) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = mask.astype(np.uint8)
    for plane in closed:
        if plane.any():
            cv2.morphologyEx(plane, cv2.MORPH_CLOSE, disc, dst=plane)
            outlines, _ = cv2.findContours(plane, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(plane, outlines, -1, 1, cv2.FILLED)
    return closed


def _enlarge(mask: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    enlarged = np.zeros(shape, bool)
    for source, target in zip(mask, enlarged, strict=True):
        if source.any():
            smooth = cv2.resize(source * 255, shape[:0:-1], interpolation=cv2.INTER_LINEAR)
            np.greater_equal(smooth, 128, out=target)
    return enlarged
