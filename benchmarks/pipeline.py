"""From DICOM files to findings with attributions: seconds and peak memory of a warm worker.

    python -m benchmarks.pipeline [--data ../shared/data] [--models models] [--slices 1000]

The 304 slices of NSCLC-Radiogenomics R01-001, uncompressed and as JPEG-LS, each in a process of its
own: the import as `detect PATH` does it (verdict, hashes, the volume encoded and stored), lungs,
detector, classifier, and the layers that are shown over the images, stored. The second of two
rounds counts: by then the networks are loaded, as in a worker. With --slices: the same lungs on
that many slices.
"""

import multiprocessing
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
from pydicom.uid import ExplicitVRLittleEndian

from benchmarks.measuring import parser, peak_gb
from lungcore.cli.targets import volumes
from lungcore.dicom.write import SeriesText, write_series
from lungcore.imaging.volume import Volume
from lungcore.learning.crops import between
from lungcore.learning.data import read_image
from lungcore.learning.detect import detect
from lungcore.learning.runtime import Kept
from lungcore.learning.weights import folders
from lungcore.records.layers import LayerStore
from lungcore.settings import Settings, load

STUDY = "unlabelled/NSCLC-Radiogenomics_R01-001"
ROUNDS = 2
LOWEST_HU, HIGHEST_HU = -1024, 3071  # of 12 bits


def main() -> None:
    taken = parser(__doc__)
    taken.add_argument("--slices", type=int)
    arguments = taken.parse_args()
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain"
        if arguments.slices:
            slice_thinner(arguments.data / STUDY, arguments.slices, plain)
            studies = {f"{arguments.slices} slices": plain}
        else:
            decompress(arguments.data / STUDY, plain)
            studies = {"uncompressed": plain, "JPEG-LS": arguments.data / STUDY}
        for name, study in studies.items():
            home = Path(folder) / name
            with context.Pool(1) as pool:
                print(f"{name}: {pool.apply(measure, (study, arguments.models, home))}")
            shutil.rmtree(home)


def decompress(study: Path, folder: Path) -> None:
    """Write the slices of `study` uncompressed, as scanners send them."""
    folder.mkdir()
    for path in sorted(study.iterdir()):
        dataset = pydicom.dcmread(path)
        pixels = dataset.pixel_array
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.PixelData = pixels.tobytes()
        dataset["PixelData"].VR = "OW"
        dataset["PixelData"].is_undefined_length = False
        dataset.save_as(folder / path.name)


def slice_thinner(study: Path, slices: int, folder: Path) -> None:
    """Write the volume of `study` as so many slices, linear between its own."""
    volume = read_image(study)
    ratio = (volume.shape[0] - 1) / (slices - 1)
    hu = between(volume.hu, np.arange(slices) * ratio)
    hu = np.clip(np.rint(hu), LOWEST_HU, HIGHEST_HU).astype(np.int16)
    text = SeriesText(
        uid_seed="thinner",
        patient_id="thinner",
        patient_name="thinner",
        study_description="",
        series_description=f"{slices} slices",
    )
    write_series(Volume(hu, volume.affine @ np.diag([ratio, 1, 1, 1])), folder, text)


def measure(study: Path, models: Path, home: Path) -> str:
    """What a second look costs, step by step, and the most memory that the process held."""
    settings = replace(load(), home=home, models=models)
    kept = Kept()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        told = _once(settings, study, kept)
        total_s = time.perf_counter() - began
    return f"{total_s:.2f} s, {peak_gb():.2f} GB; {told}"


def _once(settings: Settings, study: Path, kept: Kept) -> str:
    began = time.perf_counter()
    [(_, volume)] = volumes(settings, str(study))
    seconds = {"import": time.perf_counter() - began}
    found = detect(volume, folders(settings.models), load=kept)
    began = time.perf_counter()
    store = LayerStore(settings.storage)
    ids = {store.add(layer.values) for layer in found.layers}
    seconds |= {**found.seconds, "storing layers": time.perf_counter() - began}
    coded_kb = sum(len(store.coded(one)) for one in ids) / 1000
    steps = ", ".join(f"{step} {spent:.2f}" for step, spent in seconds.items())
    told = f"{volume.shape[0]} slices, {len(found.candidates)} findings"
    return f"{told}, {len(found.layers)} layers of {coded_kb:.0f} kB ({steps})"


if __name__ == "__main__":
    main()
