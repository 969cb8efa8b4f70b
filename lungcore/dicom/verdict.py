"""The verdict on a series: accept, accept with warnings, or refuse, each with its reasons."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from lungcore.dicom.geometry import (
    Remark,
    Stack,
    in_order,
    listed,
    plane_remarks,
    refuse,
    same_place,
    spacing_remarks,
    stack,
    warn,
)
from lungcore.dicom.header import Slice
from lungcore.dicom.kind import kind_remarks, without_localisers
from lungcore.dicom.pixels import PADDING_HU
from lungcore.imaging.lungs import lung_mask, mask_volume_ml
from lungcore.imaging.volume import Volume

Verdict = Literal["accept", "warn", "refuse"]
SamePixels = Callable[[Slice, Slice], bool]

FEWEST_SLICES = 10
LEAST_LUNG_ML = 100.0
TIP_CM2 = 25.0  # no apex or base ends on a larger cut through the lungs
AIR_HU, LEAST_AIR = (-1150, -700), 0.005  # share of voxels: air around or in the patient, lung
TISSUE_HU, LEAST_TISSUE = (-200, 200), 0.02


@dataclass(frozen=True, slots=True)
class Judgement:
    """remarks: in the order found. stack: the volume's slices; None when they make none."""

    remarks: tuple[Remark, ...]
    stack: Stack | None

    @property
    def verdict(self) -> Verdict:
        """The gravest of the remarks."""
        return verdict_of(self.remarks)

    def with_remarks(self, more: Sequence[Remark]) -> Self:
        """The judgement with `more` added to its remarks."""
        return replace(self, remarks=(*self.remarks, *more))


def verdict_of(remarks: Sequence[Remark]) -> Verdict:
    """The gravest of `remarks`."""
    if any(remark.refuses for remark in remarks):
        return "refuse"
    return "warn" if remarks else "accept"


def judge(slices: Sequence[Slice], same_pixels: SamePixels) -> Judgement:
    """Judge the images of one series, at least one, by their headers.

    same_pixels: whether two images hold the same HU; asked only of images at one position.
    """
    remarks = kind_remarks(slices)
    if remarks:
        return Judgement(tuple(remarks), None)
    images, remarks = without_localisers(slices)
    if images:
        remarks += plane_remarks(images)
    if verdict_of(remarks) != "refuse":
        images, found = _one_a_place(in_order(images), same_pixels)
        remarks += found
    if 0 < len(images) < FEWEST_SLICES:
        remarks.append(refuse("dicom.too_few", n=len(images), fewest=FEWEST_SLICES))
    if verdict_of(remarks) == "refuse":
        return Judgement(tuple(remarks), None)
    stacked = stack(images)
    return Judgement((*remarks, *spacing_remarks(stacked)), stacked)


def content_remarks(sample: Volume) -> list[Remark]:
    """What the values themselves tell: HU that cannot be CT, no lung or not all of it in view.

    sample: the volume, or every n-th slice of it with the affine to match.
    """
    seen = sample.hu[sample.hu != PADDING_HU]  # padding is air whatever the rescale says
    air, tissue = (_share(seen, between) for between in (AIR_HU, TISSUE_HU))
    if air < LEAST_AIR or tissue < LEAST_TISSUE:
        low, high = (int(value) for value in np.percentile(seen if seen.size else [0], (1, 99)))
        return [refuse("dicom.hu_wrong", low=low, high=high)]
    lungs = lung_mask(sample)
    if mask_volume_ml(lungs, sample) < LEAST_LUNG_ML:
        return [refuse("dicom.no_lung")]
    return _cut_lungs(lungs, sample)


def _cut_lungs(lungs: NDArray[np.bool_], sample: Volume) -> list[Remark]:
    """Lungs that go on beyond the lowest or the highest slice."""
    ends = sorted((float(sample.to_mm((end, 0, 0))[2]), end) for end in (0, sample.shape[0] - 1))
    pixel_cm2 = float(np.prod(sample.spacing_mm[1:])) / 100
    return [
        warn(key, z_mm=round(z_mm, 1))
        for key, (z_mm, end) in zip(("dicom.bases_cut", "dicom.apices_cut"), ends, strict=True)
        if np.count_nonzero(lungs[end]) * pixel_cm2 > TIP_CM2
    ]


def _share(hu: NDArray[np.int16], between: tuple[int, int]) -> float:
    low, high = between
    return np.count_nonzero((hu >= low) & (hu <= high)) / max(hu.size, 1)


def _one_a_place(
    ordered: Sequence[Slice], same_pixels: SamePixels
) -> tuple[list[Slice], list[Remark]]:
    """One slice a position: equal ones are dropped, different ones refuse the series."""
    places = same_place(ordered)
    repeated = [place for place in places if len(place) > 1]
    differing = [
        place for place in repeated if not all(same_pixels(place[0], other) for other in place[1:])
    ]
    kept = [place[0] for place in places]
    if not repeated:
        return kept, []
    if not differing:
        return kept, [warn("dicom.duplicates_dropped", n=len(ordered) - len(kept))]
    if len(differing) > len(places) / 2:
        # Phases of a breathing or perfusion study, or two reconstructions, in one series.
        return kept, [refuse("dicom.several_acquisitions", n=max(map(len, differing)))]
    positions_mm = [place[0].frame.position_mm or (0.0, 0.0, 0.0) for place in differing]
    z_mm = listed([z for _, _, z in positions_mm])
    return kept, [refuse("dicom.duplicates_differ", n=len(differing), positions_mm=z_mm)]
