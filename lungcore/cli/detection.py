"""`detect SERIES_UID|PATH`: the detector on a stored series or on files, nothing stored."""

import resource
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

from lungcore.cli.output import progress, say_json, table
from lungcore.cli.targets import volumes
from lungcore.formats import images
from lungcore.learning.detect import Detection, detect
from lungcore.learning.explain import attribution
from lungcore.learning.weights import folders
from lungcore.settings import Settings

# The columns of a LUNA16 submission, and two of ours.
COLUMNS = ("seriesuid", "coordX", "coordY", "coordZ", "probability", "diameter_mm", "malignancy")


def run(settings: Settings, arguments: Namespace) -> None:
    """Detect in each series of the target and write what was found."""
    found: dict[str, Detection] = {}
    write = table(arguments)
    with progress(settings.language) as show:
        began = time.perf_counter()
        for series_uid, volume in volumes(settings, arguments.target):
            reading = time.perf_counter() - began
            detection = detect(
                volume, folders(settings.models), engine=settings.engine, progress=show
            )
            if arguments.attributions:
                _write_attributions(Path(arguments.attributions), series_uid, detection)
            seconds = {"reading": reading, **detection.seconds}
            found[series_uid] = replace(detection, seconds=seconds)
            began = time.perf_counter()
    write(COLUMNS, _rows(found))
    if arguments.json:
        say_json({"series": [_record(*item) for item in found.items()], **_peak_memory()})


def _write_attributions(folder: Path, series_uid: str, detection: Detection) -> None:
    """One map a finding, numbered as the findings are, most probable first."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, said in enumerate(detection.assessments, start=1):
        path = folder / f"{series_uid}-{number}.nii.gz"
        images.write(attribution(said.look), said.look.stack.affine, path)


def _rows(found: dict[str, Detection]) -> Iterator[list[str]]:
    for series_uid, detection in found.items():
        for one in detection.candidates:
            malignancy = "" if one.malignancy is None else f"{one.malignancy:.4f}"
            place = [f"{mm:.3f}" for mm in one.center_mm]
            probability = f"{one.probability:.6f}"
            yield [series_uid, *place, probability, f"{one.diameter_mm:.2f}", malignancy]


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
