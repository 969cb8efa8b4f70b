"""What writes labels in each format: of one series, or of all series of a dataset.

Flat formats are one file, however many series there are. The other write a file a series, into a
folder where there may be several.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lungcore.dicom.read import read_header
from lungcore.errors import LungcoreError
from lungcore.findings.consensus import vote
from lungcore.findings.dataset import Split
from lungcore.findings.labels import Grid, LabelSet
from lungcore.findings.voxels import to_index
from lungcore.formats import coco, images, label_images, label_json, mark_tables, training_folder
from lungcore.formats.training_folder import Case
from lungcore.records.originals import OriginalStore
from lungcore.records.pixels import PixelStore
from lungcore.records.series import SeriesHeader
from lungcore.records.studies import InstanceRecord
from lungcore.settings import Settings


@dataclass(frozen=True, slots=True)
class Labelled:
    """A stored series, its files, and what its readers say of it.

    split, patient: of a dataset's series.
    """

    series: SeriesHeader
    instances: Sequence[InstanceRecord]
    sets: Sequence[LabelSet]
    split: Split = "train"
    patient: str = ""

    @property
    def grid(self) -> Grid:
        """The voxels of the series."""
        return self.series.grid

    def agreed(self) -> LabelSet:
        """One set: the nodules that more than half of the readers marked."""
        return self.sets[0] if len(self.sets) == 1 else vote(self.sets, self.grid)


Write = Callable[[Iterable[Labelled], Path, Settings], list[Path]]


def _luna16(found: Iterable[Labelled], out: Path, _settings: Settings) -> list[Path]:
    mark_tables.write_annotations((one.agreed() for one in found), out)
    return [out]


def _marks(found: Iterable[Labelled], out: Path, _settings: Settings) -> list[Path]:
    mark_tables.write_marks((labels for one in found for labels in one.sets), out)
    return [out]


def _coco(found: Iterable[Labelled], out: Path, _settings: Settings) -> list[Path]:
    coco.write(_with_grids(found), out)
    return [out]


def _json(found: Iterable[Labelled], out: Path, _settings: Settings) -> list[Path]:
    label_json.write(_with_grids(found), out)
    return [out]


def _with_grids(found: Iterable[Labelled]) -> Iterator[tuple[LabelSet, Grid]]:
    return ((labels, one.grid) for one in found for labels in one.sets)


def _training(found: Iterable[Labelled], out: Path, settings: Settings) -> list[Path]:
    write_training(found, out, settings)
    return [out]


def write_training(
    found: Iterable[Labelled], out: Path, settings: Settings, folds: int = training_folder.FOLDS
) -> None:
    """Write a folder to train on, for a task of so many folds."""
    pixels = PixelStore(settings.storage)
    cases = (
        Case(
            labels=one.agreed(),
            volume=pixels.read(one.series.series_uid),
            split=one.split,
            patient=one.patient,
            kernel=one.series.convolution_kernel,
        )
        for one in found
    )
    training_folder.write(cases, out, folds)


def _nifti(found: Labelled, out: Path, _settings: Settings) -> list[Path]:
    """One file a reader: `out` itself for one, else with the reader's name in it."""
    if not images.is_image(out):
        suffixes = ", ".join(images.SUFFIXES)
        raise LungcoreError("labels.image_suffix", path=out, suffixes=suffixes)
    written = []
    for labels in found.sets:
        path = out if len(found.sets) == 1 else _beside(out, labels.reader)
        numbers = label_images.label_map(labels.nodules, found.grid)
        images.write(numbers, found.grid.affine, path)
        written.append(path)
    return written


def _beside(out: Path, name: str) -> Path:
    """`out` with a name before its suffix."""
    stem = images.stem(out)
    safe = "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
    return out.with_name(f"{stem}-{safe}{out.name[len(stem) :]}")


def _seg(found: Labelled, out: Path, settings: Settings) -> list[Path]:
    from lungcore.dicom.write_segmentation import write_segmentation  # half a second to load

    write_segmentation(found.sets, found.grid, _sources(found, settings), out)
    return [out]


def _sources(found: Labelled, settings: Settings) -> Mapping[int, Path]:
    """The original file of each slice. Raises LungcoreError when one is missing."""
    originals, grid = OriginalStore(settings.storage), found.grid
    sources = {}
    for instance in found.instances:
        path = originals.path(instance.sha256)
        header = read_header(path, instance.file_name)
        for frame in header.frames if header else ():
            if frame.position_mm is not None:
                sources[round(float(to_index(grid, frame.position_mm)[0]))] = path
    for number in range(grid.shape[0]):
        if number not in sources:
            raise LungcoreError("labels.seg_slice", number=number + 1)
    return sources


TABLES: Mapping[str, Write] = {"luna16": _luna16, "marks": _marks, "coco": _coco, "json": _json}
SINGLE: Mapping[str, Callable[[Labelled, Path, Settings], list[Path]]] = {
    "nifti": _nifti,
    "seg": _seg,
}
SUFFIX = {"nifti": ".nii.gz", "seg": ".dcm"}
FORMATS = (*TABLES, *SINGLE, "training")


def write_one(found: Labelled, format_name: str, out: Path, settings: Settings) -> list[Path]:
    """Write the labels of a series; returns what was written. format_name: one of FORMATS.

    Raises LungcoreError when the format cannot hold them.
    """
    if format_name in SINGLE:
        return SINGLE[format_name](found, out, settings)
    write = _training if format_name == "training" else TABLES[format_name]
    return write([found], out, settings)


def write_all(
    found: Iterable[Labelled], format_name: str, out: Path, settings: Settings
) -> list[Path]:
    """Write the labels of many series, of which one at a time is in memory.

    Beside a table goes OUT-seriesuids.csv, with the split of every series: a table does not tell
    of those without nodules. In a folder of segmentations these have no file.
    Raises LungcoreError when the format cannot hold them.
    """
    if format_name == "training":
        return _training(found, out, settings)
    if format_name in SINGLE:
        out.mkdir(parents=True, exist_ok=True)
        return [path for one in found for path in _into(out, one, format_name, settings)]
    splits: list[tuple[str, str]] = []
    written = TABLES[format_name](_noted(found, splits), out, settings)
    beside = out.with_name(f"{out.stem}-seriesuids.csv")
    with beside.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("seriesuid", "split"), *splits])
    return [*written, beside]


def _noted(found: Iterable[Labelled], splits: list[tuple[str, str]]) -> Iterator[Labelled]:
    for one in found:
        splits.append((one.series.series_uid, one.split))
        yield one


def _into(out: Path, one: Labelled, format_name: str, settings: Settings) -> list[Path]:
    if format_name == "seg" and not any(labels.nodules for labels in one.sets):
        return []
    path = out / f"{one.series.series_uid}{SUFFIX[format_name]}"
    return SINGLE[format_name](one, path, settings)
