"""`benchmark luna16 DIR`: the whole detector over a LUNA16 download, fold by fold.

What was found in a scan is kept in a file of its own, so that an interrupted run goes on.
"""

import csv
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from lungcore.cli.evaluation import say_report, spheres
from lungcore.cli.output import progress, say, say_json
from lungcore.errors import LungcoreError
from lungcore.findings.finding import Candidate
from lungcore.formats import images, luna16
from lungcore.imaging.volume import Volume
from lungcore.language import text
from lungcore.learning import detect, froc, runtime, weights
from lungcore.learning.evaluate import report
from lungcore.learning.regions import region_mask
from lungcore.settings import Settings

FOLDS = "subset*"
LEAST_PROBABILITY = 0.01  # of a candidate that is evaluated
COLUMNS = ("seriesuid", *luna16.PLACE, "probability", "diameter_mm")


def run(settings: Settings, arguments: Namespace) -> None:
    """Detect in each scan that has no result yet, then tell the figures.

    Raises LungcoreError when the folder is no LUNA16 download.
    """
    folder, out = Path(arguments.folder), Path(arguments.out)
    folds = _folds(folder)
    nodules = spheres(_found(folder, "annotations.csv"))
    irrelevant = spheres(_found(folder, "annotations_excluded.csv"))
    _detect(settings, folds, out)
    judged = {
        fold: {
            uid: froc.judge(_read(out, uid), nodules.get(uid, ()), irrelevant.get(uid, ()))
            for uid in scans
        }
        for fold, scans in folds.items()
    }
    trained = weights.read_card(settings.models / "detector").trained_series
    every = {uid: result for scans in judged.values() for uid, result in scans.items()}
    unseen = {uid: result for uid, result in every.items() if weights.mark(uid) not in trained}
    groups = {**judged, "all": every, "unseen": unseen}
    _tell(groups, settings.language, as_json=arguments.json)


def _folds(folder: Path) -> dict[str, dict[str, Path]]:
    """The MetaImage file of each scan of each fold."""
    folds = {
        fold.name: {images.stem(path): path for path in sorted(fold.glob("*.mhd"))}
        for fold in sorted(folder.glob(FOLDS))
    }
    if not any(folds.values()):
        raise LungcoreError("cli.luna16_no_scans", path=folder)
    return folds


def _found(folder: Path, name: str) -> Path:
    """The file of that name nearest to the top of the download."""
    paths = sorted(folder.rglob(name), key=lambda path: len(path.parts))
    if not paths:
        raise LungcoreError("cli.luna16_no_file", path=folder, name=name)
    return paths[0]


def _detect(settings: Settings, folds: dict[str, dict[str, Path]], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    scans = {uid: path for fold in folds.values() for uid, path in fold.items()}
    waiting = {uid: path for uid, path in scans.items() if not _result(out, uid).is_file()}
    detector = runtime.load(settings.models / "detector", settings.engine)
    with progress(settings.language) as show:
        for number, (uid, path) in enumerate(waiting.items()):
            show("learning.step_search", number / len(waiting))
            _write(out, uid, _search(images.read(path), detector))


def _search(volume: Volume, detector: runtime.Network) -> list[Candidate]:
    """A scan without lungs in view has no candidates."""
    region = region_mask(volume, detector.task)
    if not region.any():
        return []
    return detect.search(volume, region, detector, least_probability=LEAST_PROBABILITY)


def _result(out: Path, uid: str) -> Path:
    return out / f"{uid}.csv"


def _write(out: Path, uid: str, found: list[Candidate]) -> None:
    """Whole or not at all."""
    partial = out / f"{uid}.partial"
    with partial.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for one in found:
            rows.writerow([uid, *one.center_mm, one.probability, one.diameter_mm])
    partial.replace(_result(out, uid))


def _read(out: Path, uid: str) -> list[Candidate]:
    return luna16.read_submission(_result(out, uid)).get(uid, [])


def _tell(groups: dict[str, dict[str, froc.ScanResult]], language: str, *, as_json: bool) -> None:
    reports = {
        name: report(list(results.values()))
        for name, results in groups.items()
        if any(result.hits for result in results.values())
    }
    if as_json:
        say_json({name: asdict(found) for name, found in reports.items()})
        return
    for name, found in reports.items():
        is_fold = name not in ("all", "unseen")
        say(name if is_fold else text(f"cli.luna16_{name}", language))
        say_report(found, language)
