"""Where the slices of one series lie, and whether they make up a volume (PS3.3 C.7.6.2).

Everything here is computed from header values alone. Slices are ordered by their position along
the normal of the image plane, never by file name or InstanceNumber.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lungcore.dicom.header import Slice

SAME_POSITION_MM = 0.01  # positions are written with two decimals or more
SAME_DIRECTION = 1e-3  # of a unit vector's component: 0.06 degrees
SAME_SPACING = 1e-3  # relative
AXIAL_COSINE = 0.7  # the normal is nearer to the patient's long axis than to any other
SHEAR_DEG = 0.5  # less is rounding of positions
GAP = 1.5  # a step of this many spacings or more lacks slices
MULTIPLE = 0.2  # how near to a whole number of spacings such a step must be
SHIFT_VOXELS = 0.5
UNEVEN_WARN, UNEVEN_REFUSE = 0.02, 0.1  # off the even place, in spacings
LISTED = 8  # positions told by name; of more only the number is told


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to tell about a series: a catalogue key, its values, and whether it refuses it."""

    key: str
    values: dict[str, Any]
    refuses: bool


@dataclass(frozen=True, slots=True)
class Stack:
    """The slices of a series in order, first the lowest along the normal.

    affine: takes (slice, row, column, 1) to (x, y, z, 1) in LPS mm. Its first column is the mean
    step from slice to slice, so that a sheared stack (gantry tilt) stays where it is.
    """

    slices: tuple[Slice, ...]
    affine: NDArray[np.float64]

    @property
    def matrix(self) -> tuple[int, int]:
        """(rows, columns) of every slice."""
        pixels = self.slices[0].header.pixels
        return pixels.rows, pixels.columns

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Distance between neighbouring voxel centres along (slice, row, column)."""
        slice_mm, row_mm, column_mm = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(slice_mm), float(row_mm), float(column_mm)


def refuse(key: str, **values: Any) -> Remark:
    """A remark for which a series cannot be used."""
    return Remark(key, values, True)


def warn(key: str, **values: Any) -> Remark:
    """A remark with which a series can be used."""
    return Remark(key, values, False)


def plane_remarks(slices: Sequence[Slice]) -> list[Remark]:
    """What keeps the slices from lying in parallel, equal planes of one patient space.

    None of the functions below may be called when there is any.
    """
    if any(not _placed(image) for image in slices):
        unplaced = sum(not _placed(image) for image in slices)
        return [refuse("dicom.position_absent", n=unplaced)]
    remarks = []
    if not _alike([image.frame.orientation for image in slices], SAME_DIRECTION):
        remarks.append(refuse("dicom.mixed_orientations"))
    elif not _orthonormal(slices[0]):
        remarks.append(refuse("dicom.orientation_impossible"))
    elif abs(normal(slices[0])[2]) < AXIAL_COSINE:
        remarks.append(refuse("dicom.not_axial"))
    spacings = [np.log(image.frame.pixel_spacing_mm or 1.0) for image in slices]
    if not _alike(spacings, SAME_SPACING):
        remarks.append(refuse("dicom.mixed_spacing"))
    sizes = {(image.header.pixels.rows, image.header.pixels.columns) for image in slices}
    if len(sizes) > 1:
        found = ", ".join(f"{rows}x{columns}" for rows, columns in sorted(sizes))
        remarks.append(refuse("dicom.mixed_sizes", sizes=found))
    if len({image.header.frame_of_reference_uid for image in slices}) > 1:
        remarks.append(refuse("dicom.mixed_frames_of_reference"))
    return remarks


def normal(image: Slice) -> NDArray[np.float64]:
    """Unit normal of the image plane: row direction x column direction."""
    orientation = np.array(image.frame.orientation)
    return np.cross(orientation[:3], orientation[3:])


def in_order(slices: Sequence[Slice]) -> list[Slice]:
    """The slices by their position along the normal; those of one position by SOPInstanceUID."""
    direction = normal(slices[0])
    return sorted(
        slices,
        key=lambda image: (
            round(_along(image, direction) / SAME_POSITION_MM),
            image.header.sop_uid,
            image.frame.index,
        ),
    )


def same_place(ordered: Sequence[Slice]) -> list[list[Slice]]:
    """The slices in order, those of one position together."""
    direction = normal(ordered[0])
    groups = [[ordered[0]]]
    for before, image in pairwise(ordered):
        if _along(image, direction) - _along(before, direction) < SAME_POSITION_MM:
            groups[-1].append(image)
        else:
            groups.append([image])
    return groups


def stack(ordered: Sequence[Slice]) -> Stack:
    """The affine of ordered slices, at least two, at positions that all differ."""
    first, last = (np.array(image.frame.position_mm) for image in (ordered[0], ordered[-1]))
    orientation = np.array(ordered[0].frame.orientation)
    row_mm, column_mm = ordered[0].frame.pixel_spacing_mm or (1.0, 1.0)
    affine = np.eye(4)
    affine[:3, 0] = (last - first) / (len(ordered) - 1)
    # PixelSpacing is between rows, then between columns; a step to the next row goes along the
    # column direction, which is the second of the two (PS3.3 C.7.6.2.1.1 and 10.7.1.3).
    affine[:3, 1] = orientation[3:] * row_mm
    affine[:3, 2] = orientation[:3] * column_mm
    affine[:3, 3] = first
    return Stack(tuple(ordered), affine)


def spacing_remarks(stacked: Stack) -> list[Remark]:
    """Missing slices, uneven spacing and gantry tilt of slices at positions that all differ."""
    direction = normal(stacked.slices[0])
    positions = np.array([image.frame.position_mm for image in stacked.slices])
    along = positions @ direction
    steps = np.diff(along) / np.median(np.diff(along))
    gaps = np.flatnonzero(steps > GAP)
    multiples = np.rint(steps[gaps])
    if len(gaps) and np.abs(steps[gaps] - multiples).max() <= MULTIPLE:
        remarks = [_missing(positions, gaps, multiples.astype(int))]
    else:
        remarks = _uneven(along) or _shifted(stacked, positions, direction)
    return remarks + _tilted(stacked, direction)


def _missing(
    positions: NDArray[np.float64], gaps: NDArray[np.intp], multiples: NDArray[np.intp]
) -> Remark:
    z_mm = positions[:, 2]
    absent = [
        z_mm[gap] + (z_mm[gap + 1] - z_mm[gap]) * step / multiple
        for gap, multiple in zip(gaps, multiples, strict=True)
        for step in range(1, multiple)
    ]
    return refuse("dicom.slices_missing", n=len(absent), positions_mm=listed(absent))


def listed(positions_mm: Sequence[float]) -> str:
    """Positions by name, the first LISTED of them."""
    named = ", ".join(f"{position:.1f}" for position in positions_mm[:LISTED])
    return named + (", …" if len(positions_mm) > LISTED else "")


def _uneven(along: NDArray[np.float64]) -> list[Remark]:
    even = np.linspace(along[0], along[-1], len(along))
    spacing = even[1] - even[0]
    worst = float(np.abs(along - even).max())
    if worst <= max(UNEVEN_WARN * spacing, SAME_POSITION_MM):
        return []
    steps = np.diff(along)
    values = {
        "smallest_mm": round(float(steps.min()), 3),
        "largest_mm": round(float(steps.max()), 3),
        "off_mm": round(worst, 2),
    }
    return [Remark("dicom.uneven_spacing", values, refuses=worst > UNEVEN_REFUSE * spacing)]


def _shifted(
    stacked: Stack, positions: NDArray[np.float64], direction: NDArray[np.float64]
) -> list[Remark]:
    """Slices that do not lie on one line, as when the field of view was moved on the way."""
    even = stacked.affine[:3, 3] + np.outer(np.arange(len(positions)), stacked.affine[:3, 0])
    off = positions - even
    worst = float(np.linalg.norm(off - np.outer(off @ direction, direction), axis=1).max())
    if worst <= SHIFT_VOXELS * min(stacked.spacing_mm[1:]):
        return []
    return [refuse("dicom.slices_shifted", off_mm=round(worst, 1))]


def _tilted(stacked: Stack, direction: NDArray[np.float64]) -> list[Remark]:
    """Gantry tilt: the planes stand askew to the way from slice to slice, or the header says so."""
    step = stacked.affine[:3, 0]
    cosine = np.clip(step @ direction / np.linalg.norm(step), -1, 1)
    shear_deg = float(np.degrees(np.arccos(cosine)))
    said_deg = max(abs(image.header.gantry_tilt_deg) for image in stacked.slices)
    if max(shear_deg, said_deg) <= SHEAR_DEG:
        return []
    return [warn("dicom.gantry_tilt", degrees=round(max(shear_deg, said_deg), 1))]


def _placed(image: Slice) -> bool:
    frame = image.frame
    if not (frame.position_mm and frame.orientation and frame.pixel_spacing_mm):
        return False
    numbers = (*frame.position_mm, *frame.orientation, *frame.pixel_spacing_mm)
    return bool(np.isfinite(numbers).all()) and min(frame.pixel_spacing_mm) > 0


def _orthonormal(image: Slice) -> bool:
    axes = np.array(image.frame.orientation).reshape(2, 3)
    return bool(np.allclose(axes @ axes.T, np.eye(2), atol=1e-2))


def _alike(vectors: Sequence[Any], tolerance: float) -> bool:
    return bool(np.ptp(np.array(vectors), axis=0).max() <= tolerance)


def _along(image: Slice, direction: NDArray[np.float64]) -> float:
    return float(np.array(image.frame.position_mm) @ direction)
