"""How long an import takes, against SimpleITK's series reader on the same files in the same run.

    python benchmarks/import.py [--series FOLDER] [--rounds 7]

The import is everything from files to a stored volume: originals hashed and kept, verdict, HU
encoded, database rows. Without FOLDER it takes the 304 slices of NSCLC-Radiogenomics R01-001 from
../shared/data, else a phantom of 300 slices; compressed files are decompressed first.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import pydicom
import SimpleITK
from pydicom.uid import ExplicitVRLittleEndian

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # so that it runs as a file too

from lungcore import settings  # noqa: E402
from lungcore.dicom.write import SeriesText, write_series  # noqa: E402
from lungcore.imaging.phantom import thorax  # noqa: E402
from lungcore.jobs.importing import import_paths  # noqa: E402
from lungcore.records import database  # noqa: E402

SHARED = ROOT.parent / "shared/data/unlabelled/NSCLC-Radiogenomics_R01-001"
GOAL = 1.5


def main() -> None:
    """Run both readers in turn and print their medians and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        files = prepare(arguments.series, Path(temporary, "files"))
        count = len(list(files.iterdir()))
        # A home for each round, removed at the end: ext4 is slow to make files where many have
        # just been removed, which no import does.
        times = [run(files, Path(temporary, f"home{n}")) for n in range(arguments.rounds + 1)]
    times = times[1:]  # the first warms the file cache
    simpleitk, ours = (statistics.median(column) for column in zip(*times, strict=True))
    ratios = [mine / theirs for theirs, mine in times]
    for theirs, mine in times:
        print(f"SimpleITK {theirs:.3f} s   import {mine:.3f} s   ratio {mine / theirs:.2f}")
    print(f"{count} uncompressed slices, median of {len(times)} rounds:")
    print(f"SimpleITK {simpleitk:.3f} s   import {ours:.3f} s   ratio {ours / simpleitk:.2f}")
    print(f"median of the ratios {statistics.median(ratios):.2f}; the goal is at most {GOAL}")


def prepare(series: Path | None, folder: Path) -> Path:
    """Uncompressed files of one series in `folder`."""
    series = series or (SHARED if SHARED.is_dir() else None)
    if series is None:
        text = SeriesText(
            uid_seed="benchmark",
            patient_id="PHANTOM",
            patient_name="PHANTOM",
            study_description="PHANTOM",
            series_description="PHANTOM",
            phantom=True,
        )
        write_series(thorax(slices=300, spacing_mm=(1.0, 0.703125, 0.703125)).volume, folder, text)
        return folder
    folder.mkdir()
    for path in sorted(series.iterdir()):
        data = pydicom.dcmread(path)
        if data.file_meta.TransferSyntaxUID.is_encapsulated:
            data.decompress(generate_instance_uid=False)
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.save_as(folder / path.name)
    return folder


def run(files: Path, home: Path) -> tuple[float, float]:
    """Seconds that SimpleITK took to read `files`, and that an import into a new home took."""
    os.sync()  # the disk is still writing what the round before left
    start = time.perf_counter()
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(files)))
    image = reader.Execute()
    read = time.perf_counter() - start
    made = settings.load({"LUNGCORE_HOME": str(home)})
    database.migrate(made.database_url)
    start = time.perf_counter()
    report = import_paths([files], made)
    imported = time.perf_counter() - start
    (result,) = report.series
    if not result.new or result.slices != image.GetSize()[2]:
        raise RuntimeError(f"the import went otherwise: {report}")
    return read, imported


if __name__ == "__main__":
    main()
