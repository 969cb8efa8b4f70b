"""What SERIES_UID|PATH names on the command line: the volumes to work on."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lungcore.cli.imports import series_records, tell_problems
from lungcore.cli.output import tell
from lungcore.errors import LungcoreError
from lungcore.formats import images
from lungcore.imaging.volume import Volume
from lungcore.jobs import importing
from lungcore.records import database
from lungcore.records.pixels import PixelStore
from lungcore.settings import Settings

UID = re.compile(r"(?!.{65})[0-9]+(\.[0-9]+)*")  # PS3.5 9.1


def volumes(settings: Settings, target: str) -> Iterator[tuple[str, Volume]]:
    """The volumes that `target` names, each with its seriesuid; a file's is its stem.

    target: a series in the store, a DICOM file, folder or zip, a NIfTI or a MetaImage file.
    Raises LungcoreError when it is none of them or holds no usable series.
    """
    path = Path(target)
    if path.is_file() and images.is_image(path):
        yield images.stem(path), images.read(path)
    elif path.exists():
        yield from _dicom_volumes(settings, path)
    elif UID.fullmatch(target):
        yield target, PixelStore(settings.storage).read(target)
    else:
        raise LungcoreError("cli.target_unknown", target=target)


def _dicom_volumes(settings: Settings, path: Path) -> Iterator[tuple[str, Volume]]:
    """The usable series of a DICOM file, folder or zip.

    They are imported into a place of their own, so that they are read and judged as any other.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    # In the home folder: the system's temporary folder is often memory, and a study is large.
    with tempfile.TemporaryDirectory(prefix="target-", dir=settings.home) as folder:
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
            raise LungcoreError("cli.target_nothing", path=path)
