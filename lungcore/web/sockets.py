"""Answers that leave at once, in two packets or more."""

import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

OPEN_FILES = Path("/dev/fd")
INTERNET = (socket.AF_INET, socket.AF_INET6)


def send_at_once() -> int:
    """Set TCP_NODELAY on the sockets that this process listens on; returns on how many.

    Connections inherit it. Without it the body of an answer waits for the browser to acknowledge
    its head, which browsers put off for 40 ms (Nagle's algorithm, RFC 896, against delayed
    acknowledgements, RFC 1122 4.2.3.2). asyncio sets it itself, but only on sockets whose protocol
    number is TCP's; the one that Streamlit opens has 0 there.
    """
    changed = 0
    for path in list(OPEN_FILES.iterdir()) if OPEN_FILES.is_dir() else ():
        with suppress(OSError):  # what is closed meanwhile, or no socket
            if stat.S_ISSOCK(os.fstat(int(path.name)).st_mode):
                with socket.socket(fileno=os.dup(int(path.name))) as one:
                    changed += _set(one)
    return changed


def _set(one: socket.socket) -> bool:
    is_tcp = one.family in INTERNET and one.type == socket.SOCK_STREAM
    if not is_tcp or not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return False
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return True
