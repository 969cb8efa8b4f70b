"""The import job: from an uploaded folder to stored series."""

import shutil
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from lungcore.errors import LungcoreError
from lungcore.jobs import importing
from lungcore.jobs.client import JobsClient
from lungcore.settings import Settings

# Long enough to try a failed import again on Monday.
KEPT_SECONDS = 4 * 24 * 3600.0


def import_upload(
    settings: Settings,
    upload_id: str,
    *,
    progress: Callable[[str, float], None],
    stop: Callable[[], bool],
) -> dict[str, Any]:
    """Import every file of an upload; returns the report as JSON holds it.

    The files stay where they are, so that an interrupted import starts again with all of them.
    Raises LungcoreError jobs.upload_incomplete.
    """
    folder = settings.uploads / upload_id
    if not (folder / "done").is_file():
        raise LungcoreError("jobs.upload_incomplete", upload_id=upload_id)
    report = importing.import_paths([folder / "files"], settings, progress=progress, stop=stop)
    return report.as_dict()


def detect_new(
    client: JobsClient, report: Mapping[str, Any], account_id: int | None
) -> dict[str, str]:
    """Start a detection in each usable series of the report that never had one.

    Not in each new one: an import that was interrupted after storing, and is done again, finds
    nothing new. Returns the job of each series.
    """
    uids = [series["series_uid"] for series in report["series"] if series["verdict"] != "refuse"]
    return {
        uid: client.enqueue_detect(uid, account_id) for uid in uids if not client.was_detected(uid)
    }


def remove(settings: Settings, upload_id: str) -> None:
    """Remove an upload's folder; what cannot go now is given up and goes with `clean`."""
    shutil.rmtree(settings.uploads / upload_id, ignore_errors=True)


def clean(settings: Settings, waiting: Collection[str]) -> None:
    """Remove the uploads that were given up: old, and not waited for by a job."""
    if not settings.uploads.is_dir():
        return
    oldest = time.time() - KEPT_SECONDS
    for folder in settings.uploads.iterdir():
        is_old = folder.is_dir() and _last_change(folder) < oldest
        if is_old and folder.name not in waiting:
            remove(settings, folder.name)


def _last_change(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
