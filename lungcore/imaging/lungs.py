"""The lungs of a chest CT."""

import cc3d
import cv2
import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.airways import airways
from lungcore.imaging.dense import dense_parts
from lungcore.imaging.planes import morph
from lungcore.imaging.volume import Volume

REDUCTION = 4  # in-plane; the mask is found on the reduced grid
LUNG_BELOW_HU = -300
GAS_BELOW_HU = -960  # the median of gas in bowel, airway or couch; emphysema stays above
SMALLEST_PART_ML = 40.0  # smaller are airways and bowel gas
SMALLEST_SHARE = 0.05  # of the largest part
CLOSING_RADIUS_MM = 5.0  # takes in vessels, and small nodules at the pleura
LARGEST_HOLE_MM2 = 300.0  # in one slice; larger ones are filled where lung encloses them all round


def lung_mask(volume: Volume, *, dense: bool = True) -> NDArray[np.bool_]:
    """Where the lungs are, with the vessels and nodules in them; shape of the volume.

    Without windpipe and main bronchi. Empty where there is no lung in the field of view.
    dense: with the masses and the effusion before the ribs that `dense_parts` finds.
    """
    if min(volume.shape[1:]) < 2 * REDUCTION:
        return np.zeros(volume.shape, bool)
    reduced = _reduce(volume.hu)
    row_mm = volume.spacing_mm[1] * volume.shape[1] / reduced.shape[1]
    order = slice(None) if volume.affine[2, 0] < 0 else slice(None, None, -1)
    head_first = reduced[order]
    lungs = _aerated(head_first, row_mm, _reduced_voxel_ml(volume))
    if dense:
        lungs |= dense_parts(head_first, lungs, volume.spacing_mm[0], row_mm)
    return _enlarge(lungs[order], volume.shape)


def _aerated(hu: NDArray[np.int16], row_mm: float, voxel_ml: float) -> NDArray[np.bool_]:
    """Where lung holds air, or encloses what holds none; the first slice at the head."""
    parts = _large(_lung_parts(hu, voxel_ml) & ~airways(hu, row_mm), voxel_ml)
    closed = morph(parts, cv2.MORPH_CLOSE, CLOSING_RADIUS_MM / row_mm)
    return _fill(closed, LARGEST_HOLE_MM2 / row_mm**2)


def mask_volume_ml(mask: NDArray[np.bool_], volume: Volume) -> float:
    """Volume of a mask on the grid of `volume`, in millilitres."""
    return np.count_nonzero(mask) * float(np.prod(volume.spacing_mm)) / 1000


def _reduce(hu: NDArray[np.int16]) -> NDArray[np.int16]:
    slices, rows, columns = hu.shape
    reduced = np.empty((slices, rows // REDUCTION, columns // REDUCTION), np.int16)
    for source, target in zip(hu, reduced, strict=True):
        cv2.resize(source, target.shape[::-1], dst=target, interpolation=cv2.INTER_AREA)
    return reduced


def _reduced_pixel_mm(volume: Volume, reduced: NDArray[np.int16]) -> float:
    return volume.spacing_mm[1] * volume.shape[1] / reduced.shape[1]


def _reduced_voxel_ml(volume: Volume) -> float:
    _, rows, columns = volume.shape
    reduction = rows * columns / ((rows // REDUCTION) * (columns // REDUCTION))
    return float(np.prod(volume.spacing_mm)) * reduction / 1000


def _lung_parts(hu: NDArray[np.int16], voxel_ml: float) -> NDArray[np.bool_]:
    """The large air-holding parts inside the body that are tissue and not gas."""
    air = (hu < LUNG_BELOW_HU) & _inside_body(hu)
    labels = cc3d.connected_components(_large(air, voxel_ml), connectivity=6)
    present = range(1, int(labels.max()) + 1)
    return np.isin(
        labels, [part for part in present if np.median(hu[labels == part]) > GAS_BELOW_HU]
    )


def _large(mask: NDArray[np.bool_], voxel_ml: float) -> NDArray[np.bool_]:
    """The large parts of `mask`."""
    labels = cc3d.connected_components(mask, connectivity=6)
    sizes_ml = np.bincount(labels.ravel()) * voxel_ml
    sizes_ml[0] = 0
    least_ml = max(SMALLEST_PART_ML, SMALLEST_SHARE * sizes_ml.max())
    return np.isin(labels, np.flatnonzero(sizes_ml >= least_ml))


def _inside_body(hu: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Per slice, what the air around the patient does not reach from the edge."""
    inside = np.empty(hu.shape, bool)
    for source, target in zip(hu, inside, strict=True):
        # A rim of air lets one fill start from every edge.
        outside = np.pad((source < LUNG_BELOW_HU).astype(np.uint8), 1, constant_values=1)
        cv2.floodFill(outside, None, (0, 0), 2)
        target[:] = outside[1:-1, 1:-1] != 2
    return inside


def _fill(mask: NDArray[np.bool_], largest_hole: float) -> NDArray[np.bool_]:
    """`mask` with what it encloses: all round, or in a slice where the hole is small.

    A slice alone cannot tell a mass in the lung from the dome of the diaphragm.
    """
    filled = mask | ~_reached(~mask)
    for plane in filled:
        if plane.any():
            holes = cc3d.connected_components(~plane, connectivity=4)
            plane |= np.isin(holes, np.flatnonzero(np.bincount(holes.ravel()) <= largest_hole))
    return filled


def _reached(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The parts of `mask` that touch a face of the array."""
    labels = cc3d.connected_components(mask, connectivity=6)
    faces = [np.take(labels, end, axis) for axis in range(3) for end in (0, -1)]
    at_face = np.unique(np.concatenate([face.ravel() for face in faces]))
    return np.isin(labels, at_face[at_face > 0])


def _enlarge(mask: NDArray[np.bool_], shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    enlarged = np.zeros(shape, bool)
    for source, target in zip(mask, enlarged, strict=True):
        if source.any():
            smooth = cv2.resize(
                source * np.uint8(255), shape[:0:-1], interpolation=cv2.INTER_LINEAR
            )
            np.greater_equal(smooth, 128, out=target)
    return enlarged
