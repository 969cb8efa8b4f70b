"""The images of a file: one, or those of an enhanced multi-frame CT (PS3.3 C.7.6.16)."""

from pydicom import Dataset

from lungcore.dicom import values
from lungcore.dicom.header import Frame


def frames(data: Dataset, count: int) -> tuple[Frame, ...]:
    """The `count` images of a file.

    A functional group of the frame comes before the shared one, and both before the top level.
    """
    shared = _items(data, "SharedFunctionalGroupsSequence")
    own = _items(data, "PerFrameFunctionalGroupsSequence")
    if own and len(own) != count:
        raise ValueError(f"{len(own)} functional groups for {count} frames")
    return tuple(
        _frame(index, [*own[index : index + 1], *shared[:1]], data) for index in range(count)
    )


def _frame(index: int, groups: list[Dataset], data: Dataset) -> Frame:
    measures = _macro(groups, "PixelMeasuresSequence", data)
    rescale = _macro(groups, "PixelValueTransformationSequence", data)
    position = _macro(groups, "PlanePositionSequence", data)
    orientation = _macro(groups, "PlaneOrientationSequence", data)
    kind = _macro(groups, "CTImageFrameTypeSequence", data)
    return Frame(
        index=index,
        image_type=values.codes(kind, "FrameType") or values.codes(data, "ImageType"),
        position_mm=_vector(position, "ImagePositionPatient", 3),
        orientation=_vector(orientation, "ImageOrientationPatient", 6),
        pixel_spacing_mm=_vector(measures, "PixelSpacing", 2),
        slice_thickness_mm=values.number(measures, "SliceThickness"),
        slope=values.number(rescale, "RescaleSlope"),
        intercept=values.number(rescale, "RescaleIntercept"),
        rescale_type=values.code(rescale, "RescaleType"),
    )


def _vector(data: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    found = values.numbers(data, keyword)
    return found if len(found) == count else None


def _macro(groups: list[Dataset], keyword: str, otherwise: Dataset) -> Dataset:
    for group in groups:
        if items := _items(group, keyword):
            return items[0]
    return otherwise


def _items(data: Dataset, keyword: str) -> list[Dataset]:
    return list(data.get(keyword) or [])
