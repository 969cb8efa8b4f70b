"""CT files of the DICOM standard: read, judge, decode, write. Nothing else touches pydicom."""
