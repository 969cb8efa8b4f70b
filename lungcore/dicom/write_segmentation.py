"""Write nodules as a DICOM segmentation (PS3.3 A.51), a segment a reader and nodule."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import highdicom
import numpy as np
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentDescription
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

import lungcore
from lungcore.dicom.problems import MALFORMED, FileError
from lungcore.errors import LungcoreError
from lungcore.findings.labels import Grid, LabelSet, Mark
from lungcore.findings.mask import Mask
from lungcore.findings.voxels import ball

LARGEST_BYTES = 1 << 31  # of the voxels that highdicom takes at once
LONGEST_LABEL = 64  # PS3.5 6.2, LO
MAKER = "lungcore"


def write_segmentation(
    sets: Sequence[LabelSet], grid: Grid, sources: Mapping[int, Path], path: Path
) -> None:
    """Write the nodules of readers of one series.

    sources: the file of each slice. A nodule without a mask is a ball of its diameter.
    Raises LungcoreError when there is nothing to write or too much of it, FileError when a source
    file cannot be read or holds several slices.
    """
    segments = [
        (labels.reader, mark, mask)
        for labels in sets
        for mark in labels.nodules
        if (mask := _mask(mark, grid)) is not None
    ]
    if not segments:
        raise LungcoreError("labels.nothing_outlined", series_uid=sets[0].series_uid)
    slices = sorted({n for _, _, mask in segments for n in _slices(mask)})
    size = len(slices) * len(segments) * grid.shape[1] * grid.shape[2]
    if size > LARGEST_BYTES:
        raise LungcoreError("labels.seg_large", gib=round(size / 2**30, 1))
    voxels = np.zeros((len(slices), *grid.shape[1:], len(segments)), bool)
    for number, (_, _, mask) in enumerate(segments):
        _fill(voxels[..., number], mask, slices)
    descriptions = [
        _description(number, reader, mark)
        for number, (reader, mark, _) in enumerate(segments, start=1)
    ]
    _save(voxels, descriptions, [sources[n] for n in slices], path)


def _save(
    voxels: NDArray[np.bool_],
    descriptions: Sequence[SegmentDescription],
    sources: Sequence[Path],
    path: Path,
) -> None:
    try:
        images = [dcmread(source, stop_before_pixels=True, force=True) for source in sources]
        if any(int(image.get("NumberOfFrames") or 1) > 1 for image in images):
            raise FileError("labels.seg_multiframe", file=sources[0].name)
        segmentation = Segmentation(
            source_images=images,
            pixel_array=voxels,
            segmentation_type="BINARY",
            segment_descriptions=descriptions,
            series_instance_uid=generate_uid(),
            series_number=900,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer=MAKER,
            manufacturer_model_name=MAKER,
            software_versions=lungcore.__version__,
            device_serial_number="0",
            content_label="NODULES",
            content_description="Lung nodules as readers outlined them",
        )
    except MALFORMED as error:
        problem = str(error)
        raise FileError("labels.seg_source", file=sources[0].name, problem=problem) from error
    segmentation.save_as(path)


def _description(number: int, reader: str, mark: Mark) -> SegmentDescription:
    ending = f"_nod_{mark.name.replace('_', '-')}"
    return SegmentDescription(
        segment_number=number,
        segment_label=reader[: max(1, LONGEST_LABEL - len(ending))] + ending[: LONGEST_LABEL - 1],
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Nodule,
        algorithm_type=SegmentAlgorithmTypeValues.MANUAL,
        tracking_uid=highdicom.UID(),
        tracking_id=f"{reader} {mark.name}"[:LONGEST_LABEL],
        anatomic_regions=[codes.SCT.Lung],
    )


def _mask(mark: Mark, grid: Grid) -> Mask | None:
    if mark.mask is None and mark.diameter_mm is not None:
        return ball(mark.center_mm, mark.diameter_mm, grid)
    return mark.mask


def _slices(mask: Mask) -> range:
    return range(mask.origin[0], mask.origin[0] + mask.voxels.shape[0])


def _fill(voxels: NDArray[np.bool_], mask: Mask, slices: Sequence[int]) -> None:
    _, top, left = mask.origin
    _, height, width = mask.voxels.shape
    for number, pixels in zip(_slices(mask), mask.voxels, strict=True):
        image = voxels[slices.index(number)]
        image[top : top + height, left : left + width] = pixels
