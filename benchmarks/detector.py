"""What the shipped detector finds, and at what cost.

    python -m benchmarks.detector [--data ../shared/data] [--models models] [--record]

Three tables: semi-synthetic FROC (nodules of fold 7 blended into the labelled LIDC lungs, neither
trained on), the LUNA16 nodules of the labelled scans, and seconds and peak memory of whole studies.
`--record` writes the figures into the detector's card.
"""

import argparse
import logging
import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lungcore.findings.finding import Candidate
from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.volume import Volume
from lungcore.learning import detect, froc, runtime, weights
from lungcore.learning.data import (
    Background,
    read_image,
    read_labelled_backgrounds,
    read_nodules,
    read_rows,
)
from lungcore.learning.validation import SyntheticScan, synthetic_scans

ROOT = Path(__file__).resolve().parents[1]
TEST_FOLD = 7
LEAST = 0.02  # candidates below are not counted in the FROC
SLAB = "LIDC-IDRI-0003_slab11"  # too thin for pasting
STUDIES = ("lidc_scans/LIDC-IDRI-0001/dicom", "unlabelled/NSCLC-Radiogenomics_R01-001")
GROUPS: dict[str, Callable] = {
    "below 6 mm": lambda nodule: nodule.diameter_mm < 6,
    "6 to 10 mm": lambda nodule: 6 <= nodule.diameter_mm < 10,
    "10 mm and above": lambda nodule: nodule.diameter_mm >= 10,
    "ground glass and part-solid": lambda nodule: nodule.texture <= 3,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--models", type=Path, default=ROOT / "models")
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    detector = runtime.load(arguments.models / "detector")
    figures = semi_synthetic(arguments.data, detector)
    figures |= labelled(arguments.data, detector)
    figures |= cost(arguments.data, arguments.models)
    if arguments.record:
        folder = arguments.models / "detector"
        weights.write_card(folder, replace(weights.read_card(folder), figures=figures))


def semi_synthetic(data: Path, detector: runtime.Network) -> dict[str, dict]:
    """FROC over scans with pasted nodules; intervals by bootstrap over those scans."""
    lungs = [b for b in read_labelled_backgrounds(data) if b.name != SLAB]
    nodules = read_nodules(data, frozenset({TEST_FOLD}))
    scans, results = [], []
    for scan in synthetic_scans(nodules, lungs):
        scans.append(scan)
        results.append(froc.judge(_trusted(_search(scan.volume, detector), scan), scan.truths))
    about = (
        f"semi-synthetic: {sum(len(r.hits) for r in results)} pastes of {len(nodules)} nodules of "
        f"fold {TEST_FOLD} in {len(scans)} scans made from {len(lungs)} labelled lungs"
    )
    print(about)
    values, (low, high) = froc.sensitivities(results), froc.bootstrap(results)
    names = [f"sensitivity_at_{rate:g}" for rate in froc.RATES] + ["cpm"]
    figures = {}
    for name, value, *interval in zip(names, [*values, values.mean()], low, high, strict=True):
        print(f"  {name:24} {value:.3f}  [{interval[0]:.3f}, {interval[1]:.3f}]")
        figures[name] = {"value": value, "interval": interval, "set": about}
    return figures | _by_group(scans, results, about)


def _trusted(candidates: Sequence[Candidate], scan: SyntheticScan) -> list[Candidate]:
    """Without those at what readers marked in the lung itself."""
    trusted = scan.background.trusted
    return [c for c in candidates if trusted[_voxel(scan.volume, c.center_mm)]]


def _voxel(volume: Volume, position_mm: Sequence[float]) -> tuple[int, ...]:
    index = np.rint(volume.to_index(position_mm)).astype(int)
    return tuple(np.clip(index, 0, np.array(volume.shape) - 1))


def _by_group(
    scans: Sequence[SyntheticScan], results: Sequence[froc.ScanResult], about: str
) -> dict[str, dict]:
    """Sensitivity of kinds of nodules at 2 false positives a scan."""
    false = sorted((p for result in results for p in result.false_positives), reverse=True)
    allowed = 2 * len(results)
    threshold = false[allowed] if allowed < len(false) else 0.0
    small = [p for result in results for p in result.false_positives if p > threshold]
    print(f"  at 2 false positives a scan the threshold is {threshold:.3f} ({len(small)} in all)")
    figures = {}
    for group, belongs in GROUPS.items():
        found = [
            hit > threshold
            for scan, result in zip(scans, results, strict=True)
            for nodule, hit in zip(scan.nodules, result.hits, strict=True)
            if belongs(nodule)
        ]
        print(f"  {group:28} {np.mean(found):.3f}  of {len(found)}")
        name = f"sensitivity_at_2, {group}"
        figures[name] = {"value": float(np.mean(found)), "set": f"{len(found)} of {about}"}
    return figures


def labelled(data: Path, detector: runtime.Network) -> dict[str, dict]:
    """For each LUNA16 nodule of the labelled scans, how many false positives rank above it."""
    figures = {}
    annotations = read_rows(data / "luna16" / "annotations.csv")
    scans = read_rows(data / "lidc_scans" / "nodules_consensus.csv")
    for background, row in zip(read_labelled_backgrounds(data), scans, strict=True):
        volume = read_image(data / "lidc_scans" / row["scan"] / "dicom")
        own = [a for a in annotations if a["seriesuid"] == row["seriesuid"]]
        nodules = [sphere for sphere in map(_sphere, own) if _inside(volume, sphere)]
        found = _search(volume, detector)
        result = froc.judge(_unmarked(found, nodules, background), nodules)
        for nodule, hit in zip(nodules, result.hits, strict=True):
            above = sum(p >= hit for p in result.false_positives)
            place = ", ".join(f"{value:.0f}" for value in nodule.center_mm)
            name = f"{row['scan']}: {nodule.diameter_mm:.1f} mm at ({place})"
            told = f"probability {hit:.3f}, {above} false positives above" if hit > 0 else "missed"
            print(f"{name}: {told}")
            figures[name] = {"value": above if hit > 0 else None, "set": "false positives above it"}
    return figures


def _unmarked(
    candidates: Sequence[Candidate], nodules: Sequence[froc.Sphere], background: Background
) -> list[Candidate]:
    """Hits, and what lies where no reader marked anything."""
    return [
        candidate
        for candidate in candidates
        if background.trusted[_voxel(background.volume, candidate.center_mm)]
        or any(froc.lies_in(candidate, nodule) for nodule in nodules)
    ]


def _sphere(row: dict[str, str]) -> froc.Sphere:
    centre_mm = (float(row["coordX"]), float(row["coordY"]), float(row["coordZ"]))
    return froc.Sphere(centre_mm, float(row["diameter_mm"]))


def _inside(volume: Volume, sphere: froc.Sphere) -> bool:
    index = volume.to_index(sphere.center_mm)
    return bool(np.all((index >= 0) & (index <= np.array(volume.shape) - 1)))


def _search(volume: Volume, detector: runtime.Network) -> list[Candidate]:
    return detect.search(volume, lung_mask(volume), detector, least_probability=LEAST)


def cost(data: Path, models: Path) -> dict[str, dict]:
    """Seconds of a first and of a second detection, and peak memory, each study in a process."""
    figures = {}
    context = multiprocessing.get_context("spawn")
    for study in STUDIES:
        with context.Pool(1) as pool:
            slices, first_s, second_s, peak_gb = pool.apply(_measure, (data / study, models))
        print(f"{slices} slices: {first_s:.1f} s first, {second_s:.1f} s warm, {peak_gb:.2f} GB")
        about = f"{study}, volume in memory to candidates"
        figures[f"seconds, {slices} slices"] = {"value": second_s, "set": about}
        figures[f"peak memory in GB, {slices} slices"] = {"value": peak_gb, "set": about}
    return figures


def _measure(study: Path, models: Path) -> tuple[int, float, float, float]:
    volume = read_image(study)
    spent = []
    for _ in range(2):
        began = time.perf_counter()
        detect.detect(volume, models)
        spent.append(time.perf_counter() - began)
    peak_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    return volume.shape[0], spent[0], spent[1], peak_gb


if __name__ == "__main__":
    main()
