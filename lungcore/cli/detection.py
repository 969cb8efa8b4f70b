"""`detect SERIES_UID|PATH`: the detector on a stored series or on files, nothing stored."""

import csv
import re
import resource
import sys
import tempfile
import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TextIO

from lungcore.cli.imports import series_records, tell_problems
from lungcore.cli.output import progress, say_json, tell
from lungcore.errors import LungcoreError
from lungcore.formats import images
from lungcore.imaging.volume import Volume
from lungcore.jobs import importing
from lungcore.learning.detect import Detection, detect
from lungcore.records import database
from lungcore.records.pixels import PixelStore
from lungcore.settings import Settings

# The columns of a LUNA16 submission, and two of ours.
COLUMNS = ("seriesuid", "coordX", "coordY", "coordZ", "probability", "diameter_mm", "malignancy")
UID = re.compile(r"(?!.{65})[0-9]+(\.[0-9]+)*")  # PS3.5 9.1


def run(settings: Settings, arguments: Namespace) -> None:
    """Detect in each series of the target and write what was found."""
    found: dict[str, Detection] = {}
    if arguments.out:
        Path(arguments.out).open("a").close()  # told now and not after minutes of detecting
    with progress(settings.language) as show:
        began = time.perf_counter()
        for series_uid, volume in _volumes(settings, arguments.target):
            reading = time.perf_counter() - began
            detection = detect(volume, settings.models, progress=show)
            seconds = {"reading": reading, **detection.seconds}
            found[series_uid] = replace(detection, seconds=seconds)
            began = time.perf_counter()
    if arguments.out:
        with Path(arguments.out).open("w", newline="", encoding="utf-8") as file:
            _write_csv(found, file)
    elif not arguments.json:
        _write_csv(found, sys.stdout)
    if arguments.json:
        say_json({"series": [_record(*item) for item in found.items()], **_peak_memory()})


def _volumes(settings: Settings, target: str) -> Iterator[tuple[str, Volume]]:
    """The volumes that `target` names, each with its seriesuid; a file's is its stem."""
    path = Path(target)
    if path.is_file() and images.is_image(path):
        yield images.stem(path), images.read(path)
    elif path.exists():
        yield from _dicom_volumes(settings, path)
    elif UID.fullmatch(target):
        yield target, PixelStore(settings.storage).read(target)
    else:
        raise LungcoreError("cli.detect_unknown", target=target)


def _dicom_volumes(settings: Settings, path: Path) -> Iterator[tuple[str, Volume]]:
    """The usable series of a DICOM file, folder or zip.

    They are imported into a place of their own, so that they are read and judged as any other.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    # In the home folder: the system's temporary folder is often memory, and a study is large.
    with tempfile.TemporaryDirectory(prefix="detect-", dir=settings.home) as folder:
        apart = replace(
            settings, storage_url=f"file://{folder}", database_url=f"sqlite:///{folder}/records.db"
        )
        database.migrate(apart.database_url)
        report = importing.import_paths([path], apart)
        tell_problems(report, settings.language)
        usable = False
        for record in series_records(report, settings.language):
            for reason in record["reasons"]:
                tell(f"{record['series_uid']}: {reason}")
            if record["verdict"] != "refuse":
                usable = True
                yield record["series_uid"], PixelStore(apart.storage).read(record["series_uid"])
        if not usable:
            raise LungcoreError("cli.detect_nothing", path=path)


def _write_csv(found: dict[str, Detection], file: TextIO) -> None:
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(COLUMNS)
    for series_uid, detection in found.items():
        for one in detection.candidates:
            malignancy = "" if one.malignancy is None else f"{one.malignancy:.4f}"
            place = [f"{mm:.3f}" for mm in one.center_mm]
            probability = f"{one.probability:.6f}"
            rows.writerow([series_uid, *place, probability, f"{one.diameter_mm:.2f}", malignancy])


def _record(series_uid: str, detection: Detection) -> dict[str, object]:
    return {
        "series_uid": series_uid,
        "candidates": [asdict(candidate) for candidate in detection.candidates],
        "seconds": dict(detection.seconds),
        "models": dict(detection.models),
    }


def _peak_memory() -> dict[str, float]:
    """The most memory that this process held; the kernel counts in kilobytes, on macOS bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    return {"peak_memory_mb": round(peak / 1e6, 1)}
