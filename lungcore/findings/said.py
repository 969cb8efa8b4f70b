"""What a reader says of a nodule and of a whole scan, beside where and how large it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NODULE_TYPES = ("solid", "part_solid", "ground_glass", "calcified", "perifissural", "other")
LOBES = ("right_upper", "right_middle", "right_lower", "left_upper", "lingula", "left_lower")
QUALITIES = ("good", "limited", "poor")
SURENESS = 5  # confidence: 1 a guess, 5 certain


@dataclass(frozen=True, slots=True)
class NoduleLabel:
    """What a reader says of a nodule; what is not said is empty or None.

    attributes: of `findings.attributes.SCALES` by name, as far as they are rated.
    nodule_type, lobe: of NODULE_TYPES and LOBES. confidence: that it is a nodule, 1 to SURENESS.
    """

    attributes: Mapping[str, int] = field(default_factory=dict)
    nodule_type: str = ""
    lobe: str = ""
    confidence: int | None = None
    comment: str = ""

    @classmethod
    def of_payload(cls, payload: Mapping[str, Any]) -> "NoduleLabel":
        """The label that an event says whole: what it leaves out is not said."""
        return cls(
            attributes=dict(payload.get("attributes", {})),
            nodule_type=payload.get("nodule_type", ""),
            lobe=payload.get("lobe", ""),
            confidence=payload.get("confidence"),
            comment=payload.get("comment", ""),
        )


@dataclass(frozen=True, slots=True)
class ScanAnswer:
    """What a reader says of a scan.

    no_nodules: looked at, and there are none. quality: of QUALITIES, or not said.
    excluded: why the scan is of no use; "" while it is.
    """

    no_nodules: bool = False
    quality: str = ""
    excluded: str = ""

    @classmethod
    def of_payload(cls, payload: Mapping[str, Any]) -> "ScanAnswer":
        """The answer that an event says whole: what it leaves out is not said."""
        return cls(
            no_nodules=payload.get("no_nodules", False),
            quality=payload.get("quality", ""),
            excluded=payload.get("excluded", ""),
        )
