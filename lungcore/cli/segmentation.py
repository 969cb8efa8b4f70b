"""`segment SERIES_UID|PATH`: the lung mask as a NIfTI file."""

import time
from argparse import Namespace
from pathlib import Path

from lungcore.cli.output import say, say_json
from lungcore.cli.targets import volumes
from lungcore.errors import LungcoreError
from lungcore.formats import images
from lungcore.imaging.lungs import lung_mask, mask_volume_ml
from lungcore.language import text
from lungcore.settings import Settings


def run(settings: Settings, arguments: Namespace) -> None:
    """Write the mask of each series of the target and tell where."""
    out = Path(arguments.out)
    if not images.is_image(out):
        raise LungcoreError("cli.segment_suffix", path=out, suffixes=", ".join(images.SUFFIXES))
    records = []
    for number, (series_uid, volume) in enumerate(volumes(settings, arguments.target)):
        began = time.perf_counter()
        mask = lung_mask(volume)
        seconds = time.perf_counter() - began
        path = out if number == 0 else out.with_name(f"{images.stem(out)}-{series_uid}.nii.gz")
        images.write_mask(mask, volume, path)
        lung_ml = round(mask_volume_ml(mask, volume), 1)
        record = {"series_uid": series_uid, "path": str(path), "lung_ml": lung_ml}
        records.append({**record, "seconds": round(seconds, 3)})
        if not arguments.json:
            say(text("cli.segment_done", settings.language, **record))
    if arguments.json:
        say_json(records)
