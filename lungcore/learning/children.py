"""Processes that end with the one that started them, however it ends, and tell it of errors."""

import json
import multiprocessing
import os
import threading
from pathlib import Path

from lungcore.errors import LungcoreError


def end_with_parent() -> None:
    """End this process when the one that started it by `multiprocessing` has ended."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def end_with_pipe() -> None:
    """End this process when its standard input, a pipe from its starter, is closed."""

    def wait() -> None:
        while os.read(0, 1024):  # not sys.stdin, whose lock would be held when this process ends
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def tell(folder: Path, error: LungcoreError) -> None:
    """Leave the reason where who started this process looks for it."""
    values = {name: str(value) for name, value in error.values.items()}
    told = json.dumps({"key": error.key, "values": values})
    (folder / "error.json").write_text(told, encoding="utf-8")
