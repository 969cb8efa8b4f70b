"""The size that a compressed frame gives itself, read before a decoder makes room for it."""

J2K_START = b"\xff\x4f\xff\x51"  # SOC, SIZ: ISO/IEC 15444-1 A.5.1
JP2_START = b"\x00\x00\x00\x0cjP  "  # some writers keep the file format's boxes
JPEG_START = b"\xff\xd8"
# Start of frame: ISO/IEC 10918-1 B.2.2, and 0xF7 of JPEG-LS, ISO/IEC 14495-1 C.2.2.
START_OF_FRAME = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def coded_size(frame: bytes) -> tuple[int, int] | None:
    """(rows, columns) of a JPEG, JPEG-LS or JPEG 2000 code stream; None when it is none."""
    if frame.startswith(JP2_START):
        frame = frame[max(frame.find(J2K_START), 0) :]
    if frame.startswith(J2K_START):
        columns, rows, left, top = (
            int.from_bytes(frame[at : at + 4], "big") for at in (8, 12, 16, 20)
        )
        return rows - top, columns - left
    return _jpeg_size(frame) if frame.startswith(JPEG_START) else None


def _jpeg_size(frame: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(frame) and frame[at] == 0xFF:
        marker = frame[at + 1]
        if marker in START_OF_FRAME:
            return (
                int.from_bytes(frame[at + 5 : at + 7], "big"),
                int.from_bytes(frame[at + 7 : at + 9], "big"),
            )
        # 0xFF may be repeated as a fill before a marker.
        at += 1 if marker == 0xFF else 2 + int.from_bytes(frame[at + 2 : at + 4], "big")
    return None
