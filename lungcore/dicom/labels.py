"""Labels in DICOM files, whichever object holds them."""

from pathlib import Path

from pydicom import dcmread
from pydicom.uid import RTStructureSetStorage

from lungcore.dicom.problems import MALFORMED, FileError
from lungcore.dicom.segmentation import read_segmentation
from lungcore.dicom.structure_set import read_structure_set
from lungcore.findings.labels import DrawnSet


def read_labels(path: Path, file_name: str, reader: str) -> tuple[str, list[DrawnSet]]:
    """`seg` or `rtstruct`, and what the file says. reader: who drew it, where it does not say.

    Raises FileError naming `file_name` when it is neither or cannot be used.
    """
    try:
        kind = dcmread(path, specific_tags=["SOPClassUID"], stop_before_pixels=True, force=True)
        is_structures = kind.get("SOPClassUID") == RTStructureSetStorage
    except MALFORMED as error:
        raise FileError("labels.dicom_damaged", file=file_name, problem=error) from error
    if is_structures:
        return "rtstruct", read_structure_set(path, file_name, reader)
    return "seg", read_segmentation(path, file_name, reader)
