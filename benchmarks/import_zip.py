"""How much memory the import of a large zip takes.

    python benchmarks/import_zip.py [--gigabytes 2]

Writes phantom series into a zip until it is that large, imports it with the command line in a
process of its own, and prints that process's peak resident memory.
"""

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import pydicom
from pydicom.uid import generate_uid

from lungcore.dicom.write import SeriesText, write_series
from lungcore.imaging.phantom import thorax

GOAL_MB = 700


def main() -> None:
    """Make the zip, import it, print time and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gigabytes", type=float, default=2.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        archive = Path(temporary, "study.zip")
        # In another process: a child's peak is counted from its parent's size at the fork.
        context = multiprocessing.get_context("spawn")
        maker = context.Process(target=make_zip, args=(archive, arguments.gigabytes * 1e9))
        maker.start()
        maker.join()
        seconds, peak_mb = import_in_a_process(archive, Path(temporary, "home"))
        print(
            f"zip of {archive.stat().st_size / 1e9:.2f} GB: {seconds:.1f} s, peak {peak_mb:.0f} MB"
        )
    print(f"the goal is below {GOAL_MB} MB")


def import_in_a_process(archive: Path, home: Path) -> tuple[float, float]:
    """Seconds and peak resident megabytes of the command line's import."""
    command = [sys.executable, "-m", "lungcore", "import", str(archive)]
    environment = os.environ | {"LUNGCORE_HOME": str(home)}
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"the import ended with status {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def make_zip(target: Path, size: float) -> None:
    """Write a deflated zip of at least `size` bytes: phantom series that differ by their UIDs."""
    text = SeriesText(
        uid_seed="zip",
        patient_id="PHANTOM",
        patient_name="PHANTOM",
        study_description="PHANTOM",
        series_description="PHANTOM",
        phantom=True,
    )
    paths = write_series(thorax().volume, target.parent / "files", text)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        number = 0
        while target.stat().st_size < size:
            series_uid = generate_uid()
            for path in paths:
                data = pydicom.dcmread(path)
                data.SeriesInstanceUID, data.SOPInstanceUID = series_uid, generate_uid()
                data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
                data.save_as(path)
                archive.write(path, f"series {number}/{path.name}")
            number += 1
    shutil.rmtree(target.parent / "files")


if __name__ == "__main__":
    main()
