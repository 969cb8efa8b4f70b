"""A file that cannot be used."""

import struct

from pydicom.errors import BytesLengthException, InvalidDicomError

from lungcore.errors import LungcoreError

# What pydicom and its decoders raise on bytes that do not keep the standard.
MALFORMED = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)


class FileError(LungcoreError):
    """One file cannot be used; the others can. Its values hold `file`, the file's name."""
