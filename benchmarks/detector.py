"""What the shipped detector finds, and at what cost.

    python -m benchmarks.detector [--data ../shared/data] [--models models] [--record]

Tables: semi-synthetic FROC (nodules of fold 7 blended into the labelled LIDC lungs, neither trained
on) as a whole, by kind of nodule, on slices of other thickness, and of masses; the LUNA16 nodules
of the labelled scans; seconds and peak memory of whole studies. `--record` writes the figures into
the detector's card.
"""

import logging
import multiprocessing
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.measuring import parser, peak_gb
from lungcore.findings.finding import Candidate
from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.volume import Volume
from lungcore.learning import detect, froc, runtime, weights
from lungcore.learning.data import (
    Background,
    Nodule,
    read_image,
    read_labelled_backgrounds,
    read_nodules,
    read_rows,
)
from lungcore.learning.evaluate import report
from lungcore.learning.runtime import Kept
from lungcore.learning.tasks import LUNGS
from lungcore.learning.validation import SLICE_MM, SyntheticScan, mass_scans, synthetic_scans

TEST_FOLD = 7
LEAST = 0.01  # candidates below are not counted in the FROC
RATE = 2  # false positives a scan, at which kinds of nodules are compared
OTHER_SLICES_MM = (1.0, 5.0)
MASSES = 12
PLEURA_MM = 5  # nearer than this, a nodule lies at the pleura
SLAB = "LIDC-IDRI-0003_slab11"  # too thin for pasting
STUDIES = ("lidc_scans/LIDC-IDRI-0001/dicom", "unlabelled/NSCLC-Radiogenomics_R01-001")
Figures = dict[str, dict]
Judged = list[tuple[SyntheticScan, froc.ScanResult]]
GROUPS: dict[str, Callable[[Nodule, bool], bool]] = {
    "below 6 mm": lambda nodule, at_pleura: nodule.diameter_mm < 6,
    "6 to 10 mm": lambda nodule, at_pleura: 6 <= nodule.diameter_mm < 10,
    "10 mm and above": lambda nodule, at_pleura: nodule.diameter_mm >= 10,
    "ground glass and part-solid": lambda nodule, at_pleura: nodule.texture <= 3,
    "solid": lambda nodule, at_pleura: nodule.texture > 3,
    "at the pleura": lambda nodule, at_pleura: at_pleura,
    "away from the pleura": lambda nodule, at_pleura: not at_pleura,
}


def main() -> None:
    taken = parser(__doc__)
    taken.add_argument("--record", action="store_true")
    arguments = taken.parse_args()
    logging.basicConfig(level=logging.WARNING)
    detector = runtime.load(arguments.models / "detector")
    figures = semi_synthetic(arguments.data, detector)
    figures |= labelled(arguments.data, detector)
    figures |= cost(arguments.data, arguments.models)
    if arguments.record:
        folder = arguments.models / "detector"
        weights.write_card(folder, replace(weights.read_card(folder), figures=figures))


def semi_synthetic(data: Path, detector: runtime.Network) -> Figures:
    """FROC over scans with pasted nodules; intervals by bootstrap over those scans."""
    lungs = [b for b in read_labelled_backgrounds(data, LUNGS) if b.name != SLAB]
    nodules = read_nodules(data, frozenset({TEST_FOLD}))
    judged = _judge(synthetic_scans(nodules, lungs), detector)
    about = (
        f"semi-synthetic: {sum(len(r.hits) for _, r in judged)} pastes of {len(nodules)} nodules "
        f"of fold {TEST_FOLD} in {len(judged)} scans made from {len(lungs)} labelled lungs"
    )
    print(f"{about}, slices of {SLICE_MM} mm")
    figures = _froc(judged, about) | _by_group(judged, about)
    for slice_mm in OTHER_SLICES_MM:
        others = _judge(synthetic_scans(nodules, lungs, slice_mm=slice_mm), detector)
        cpm = report([result for _, result in others])
        print(
            f"  slices of {slice_mm} mm: CPM {cpm.cpm:.3f}  [{cpm.cpm_low:.3f}, {cpm.cpm_high:.3f}]"
        )
        figures[f"cpm, slices of {slice_mm} mm"] = {
            "value": cpm.cpm,
            "interval": [cpm.cpm_low, cpm.cpm_high],
            "set": about,
        }
    large = sorted(nodules, key=lambda nodule: -nodule.diameter_mm)[:MASSES]
    least = detector.card.settings["least_probability"]
    return figures | _masses(_judge(mass_scans(large, lungs), detector), least)


def _judge(scans: Iterable[SyntheticScan], detector: runtime.Network) -> Judged:
    return [
        (scan, froc.judge(_trusted(_search(scan.volume, detector), scan), scan.truths))
        for scan in scans
    ]


def _froc(judged: Judged, about: str) -> Figures:
    found = report([result for _, result in judged])
    rows = [
        *(
            (f"sensitivity_at_{one.rate:g}", one.value, one.low, one.high)
            for one in found.sensitivities
        ),
        ("cpm", found.cpm, found.cpm_low, found.cpm_high),
    ]
    for name, value, low, high in rows:
        print(f"  {name:24} {value:.3f}  [{low:.3f}, {high:.3f}]")
    return {
        name: {"value": value, "interval": [low, high], "set": about}
        for name, value, low, high in rows
    }


def _trusted(candidates: Sequence[Candidate], scan: SyntheticScan) -> list[Candidate]:
    """Without those at what readers marked in the lung itself."""
    trusted = scan.background.trusted
    return [c for c in candidates if trusted[_voxel(scan.volume, c.center_mm)]]


def _voxel(volume: Volume, position_mm: Sequence[float]) -> tuple[int, ...]:
    index = np.rint(volume.to_index(position_mm)).astype(int)
    return tuple(np.clip(index, 0, np.array(volume.shape) - 1))


def _by_group(judged: Judged, about: str) -> Figures:
    """Sensitivity of kinds of nodules at `RATE` false positives a scan."""
    threshold = froc.threshold_at([result for _, result in judged], RATE)
    print(f"  at {RATE} false positives a scan the threshold is {threshold:.3f}")
    rows = [
        (nodule, at_pleura, hit >= threshold)
        for scan, result in judged
        for nodule, at_pleura, hit in zip(scan.nodules, _at_pleura(scan), result.hits, strict=True)
    ]
    figures = {}
    for group, belongs in GROUPS.items():
        found = [is_found for nodule, at_pleura, is_found in rows if belongs(nodule, at_pleura)]
        print(f"  {group:28} {np.mean(found):.3f}  of {len(found)}")
        name = f"sensitivity_at_{RATE}, {group}"
        figures[name] = {"value": float(np.mean(found)), "set": f"{len(found)} of {about}"}
    return figures


def _at_pleura(scan: SyntheticScan) -> list[bool]:
    """Whether each nodule reaches within `PLEURA_MM` of the border of the lungs."""
    found = []
    for truth in scan.truths:
        reach = round(truth.diameter_mm / 2 + PLEURA_MM)
        voxel = _voxel(scan.volume, truth.center_mm)
        around = tuple(slice(max(v - reach, 0), v + reach + 1) for v in voxel)
        found.append(not _filled(scan.background.region[around]).all())
    return found


def _filled(lungs: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without the holes of vessels."""
    return ndimage.binary_closing(np.pad(lungs, 6, mode="edge"), iterations=5)[6:-6, 6:-6, 6:-6]


def _masses(judged: Judged, least: float) -> Figures:
    """Sensitivity at the probability from which candidates are reported."""
    hits = [hit for _, result in judged for hit in result.hits]
    false = [p for _, result in judged for p in result.false_positives if p >= least]
    found = float(np.mean([hit >= least for hit in hits]))
    about = f"semi-synthetic: {len(hits)} nodules of fold {TEST_FOLD} enlarged to 30 to 80 mm"
    rate = len(false) / len(judged)
    print(f"  masses: {found:.3f} of {len(hits)} found, {rate:.1f} false positives a scan")
    return {"sensitivity as reported, masses": {"value": found, "set": about}}


def labelled(data: Path, detector: runtime.Network) -> dict[str, dict]:
    """For each LUNA16 nodule of the labelled scans, how many false positives rank above it."""
    figures = {}
    annotations = read_rows(data / "luna16" / "annotations.csv")
    scans = read_rows(data / "lidc_scans" / "nodules_consensus.csv")
    for background, row in zip(read_labelled_backgrounds(data, LUNGS), scans, strict=True):
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
    spent, kept = [], Kept()
    for _ in range(2):
        began = time.perf_counter()
        detect.detect(volume, weights.folders(models), load=kept)
        spent.append(time.perf_counter() - began)
    return volume.shape[0], spent[0], spent[1], peak_gb()


if __name__ == "__main__":
    main()
