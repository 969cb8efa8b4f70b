"""Whether images are CT images in HU at all."""

import math
from collections.abc import Sequence

from pydicom import uid as uids

from lungcore.dicom.geometry import Remark, refuse, warn
from lungcore.dicom.header import Slice

CT_CLASSES = (
    uids.CTImageStorage,
    uids.EnhancedCTImageStorage,
    uids.LegacyConvertedEnhancedCTImageStorage,
)
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"  # and the multi-frame ones below it
HU_TYPES = ("", "HU", "HU_MOD", "US")  # US is "unspecified", PS3.3 C.11.1.1.2
GREY = ("MONOCHROME1", "MONOCHROME2")


def kind_remarks(slices: Sequence[Slice]) -> list[Remark]:
    """Why the images of a series are no CT, not grey, or have no HU."""
    first = slices[0].header
    classes = {image.header.sop_class_uid for image in slices}
    if any(found.startswith(SECONDARY_CAPTURE) for found in classes):
        return [refuse("dicom.secondary_capture")]
    if first.modality != "CT" or not classes <= set(CT_CLASSES):
        return [refuse("dicom.not_ct", modality=first.modality or "?")]
    if not all(_is_grey(image) for image in slices):
        return [refuse("dicom.not_grey", photometric=first.pixels.photometric or "?")]
    return _rescale_remarks([image for image in slices if not is_localiser(image)])


def is_localiser(image: Slice) -> bool:
    """Whether it is a scout view (PS3.3 C.8.2.1.1.1)."""
    return "LOCALIZER" in image.frame.image_type


def without_localisers(slices: Sequence[Slice]) -> tuple[list[Slice], list[Remark]]:
    """The slices that are none, and what is to be said of those that are."""
    kept = [image for image in slices if not is_localiser(image)]
    if not kept:
        return kept, [refuse("dicom.localiser")]
    dropped = len(slices) - len(kept)
    return kept, [warn("dicom.localisers_dropped", n=dropped)] if dropped else []


def _rescale_remarks(slices: Sequence[Slice]) -> list[Remark]:
    for _, frame in slices:
        if frame.slope is None or frame.intercept is None:
            return [refuse("dicom.rescale_absent")]
        if not math.isfinite(frame.intercept) or not math.isfinite(frame.slope) or not frame.slope:
            return [
                refuse(
                    "dicom.rescale_wrong", slope=str(frame.slope), intercept=str(frame.intercept)
                )
            ]
        if frame.rescale_type not in HU_TYPES:
            return [refuse("dicom.rescale_type", type=frame.rescale_type)]
    return []


def _is_grey(image: Slice) -> bool:
    pixels = image.header.pixels
    return (
        pixels.samples == 1
        and pixels.photometric in GREY
        and pixels.bits_allocated in (8, 16)
        and 0 < pixels.bits_stored <= pixels.high_bit + 1 <= pixels.bits_allocated
    )
