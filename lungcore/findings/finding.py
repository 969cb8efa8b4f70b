"""What the machine proposes and what a reading holds of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lungcore.findings.measurement import Measured
from lungcore.findings.said import NoduleLabel

Position = tuple[float, float, float]
FindingState = Literal["machine", "accepted", "edited", "rejected", "added"]
Source = Literal["machine", "reader"]
Axes = tuple[float, float, float]
Calipers = tuple[Position, Position, Position, Position]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible nodule as a detector gives it.

    center_mm: (x, y, z) in LPS millimetres, the patient space of DICOM PS3.3 C.7.6.2.1.1.
    diameter_mm: of the sphere that stands for it.
    probability: of being a nodule, 0 to 1.
    malignancy: probability that a radiologist rates it above 3 of 5 (not pathology), or None when
        not rated.
    attributes: of `findings.attributes.SCALES` by name, or None when not rated.
    """

    center_mm: Position
    diameter_mm: float
    probability: float
    malignancy: float | None
    attributes: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A candidate or a reader's mark, with what the reader decided about it.

    finding_uid: a DICOM UID; it stays the same through every change.
    state: `machine` until a reader has decided, then `accepted`, `edited` or `rejected`; `added`
        for a reader's own mark that is not rejected.
    probability, malignancy, attributes: the machine's, also after an edit; None on a reader's own
        mark.
    reason: what the reader wrote with the last decision.
    diameter_mm: of the machine's sphere or of the reader's; the guideline's where it is `measured`.
    axes_mm: whole lengths of an ellipsoid along the axes on which a column index, a row index and
        a slice index grow; None for a sphere.
    mask: the id of a stored mask, or None. It says more than axes or diameter.
    calipers_mm: both ends of the long axis, then of the short, where the reader set them by hand.
    measured: of the mask or the ellipsoid, and of the calipers where there are any; None for a
        sphere.
    label: what the reader says of it, or None.
    """

    finding_uid: str
    center_mm: Position
    diameter_mm: float
    probability: float | None = None
    malignancy: float | None = None
    state: FindingState = "machine"
    reason: str = ""
    source: Source = "machine"
    attributes: Mapping[str, float] | None = None
    axes_mm: Axes | None = None
    mask: str | None = None
    calipers_mm: Calipers | None = None
    measured: Measured | None = None
    label: NoduleLabel | None = None
