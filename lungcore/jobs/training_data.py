"""Frozen dataset versions as trainings and comparisons need them, laid out as folders.

A version is a list of cases that is never changed: which label layer of which series, in which fold
and for what. Its id is a hash of that list, so that the same labels are the same version.
"""

import csv
import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from lungcore.errors import LungcoreError
from lungcore.findings.labels import LabelSet, Mark
from lungcore.findings.voxels import ball, on_grid
from lungcore.imaging.volume import Volume
from lungcore.learning.tasks import Task
from lungcore.records import database, label_layers, studies
from lungcore.records.masks import MaskStore
from lungcore.records.pixels import PixelStore
from lungcore.records.studies import SeriesRecord
from lungcore.settings import Settings

ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One series of a version. labels: content_sha256 of its label layer."""

    series_uid: str
    labels: str
    fold: int
    role: Literal["train", "test"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A frozen version."""

    dataset_id: str
    cases: tuple[Case, ...]

    def of(self, role: Literal["train", "test"]) -> tuple[Case, ...]:
        """The cases for training, or those of the locked test set."""
        return tuple(case for case in self.cases if case.role == role)


def freeze(settings: Settings, cases: Sequence[Case]) -> Dataset:
    """Write a version down; the same cases are the same version.

    Raises LungcoreError when a patient is both trained on and tested with, or labels are unknown.
    """
    ordered = sorted(cases, key=lambda case: case.series_uid)
    engine = database.connect(settings.database_url)
    try:
        with database.snapshot(engine) as session:
            roles: dict[str, set[str]] = {}
            for case in ordered:
                patient = studies.series(session, case.series_uid).patient_id
                roles.setdefault(patient, set()).add(case.role)
                _labels(session, settings, case)
    finally:
        engine.dispose()
    if any(len(found) > 1 for found in roles.values()):
        raise LungcoreError("models.dataset_mixed")
    content = json.dumps([asdict(case) for case in ordered], sort_keys=True, indent=1)
    dataset_id = hashlib.sha256(content.encode()).hexdigest()[:16]
    folder = _folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f"{dataset_id}.tmp"
    beside.write_text(content, encoding="utf-8")
    beside.replace(folder / f"{dataset_id}.json")
    return Dataset(dataset_id=dataset_id, cases=tuple(ordered))


def find(settings: Settings, dataset_id: str) -> Dataset:
    """The version of that id. Raises LungcoreError when it is unknown or was changed."""
    path = _folder(settings) / f"{dataset_id}.json"
    if not ID.fullmatch(dataset_id) or not path.is_file():
        raise LungcoreError("models.dataset_unknown", dataset=dataset_id[:64])
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest()[:16] != dataset_id:
        raise LungcoreError("models.dataset_changed", dataset=dataset_id)
    return Dataset(dataset_id=dataset_id, cases=tuple(Case(**case) for case in json.loads(content)))


def list_datasets(settings: Settings) -> list[Dataset]:
    """All versions, newest first."""
    paths = sorted(
        _folder(settings).glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    return [find(settings, path.stem) for path in paths]


def read_cases(
    settings: Settings, cases: Sequence[Case]
) -> Iterator[tuple[Case, SeriesRecord, LabelSet, Volume]]:
    """Each case with its series, its labels as they were frozen, and its volume."""
    engine = database.connect(settings.database_url)
    try:
        for case in cases:
            with database.snapshot(engine) as session:
                series = studies.series(session, case.series_uid)
                labels = _labels(session, settings, case)
            yield case, series, labels, PixelStore(settings.storage).read(case.series_uid)
    finally:
        engine.dispose()


def lay_out(settings: Settings, dataset: Dataset, task: Task, out: Path) -> None:
    """Write the cases to learn from as `learning.scans` reads them, all or nothing."""
    from lungcore.formats import images  # these load much that the web does without
    from lungcore.learning.inputs import KERNELS
    from lungcore.learning.scans import INDEX

    if (out / INDEX).is_file():
        return
    cases = dataset.of("train")
    if not cases:
        raise LungcoreError("models.dataset_empty", dataset=dataset.dataset_id)
    shutil.rmtree(out, ignore_errors=True)
    for part in ("images", "masks"):
        (out / part).mkdir(parents=True)
    columns = ["image", "lesion", "patient_id", "fold", "malignancy", *task.attributes]
    rows, kernels = [columns], [["image", "kernel"]]
    for case, series, labels, volume in read_cases(settings, cases):
        name, numbers, marks = case.series_uid, *_numbers(labels, series)
        images.write(volume.hu, volume.affine, out / "images" / f"{name}.nii.gz")
        images.write(numbers, volume.affine, out / "masks" / f"{name}.nii.gz")
        told = [name, series.patient_id, str(case.fold % task.folds)]
        rows += [_row(told, number, mark, task) for number, mark in enumerate(marks, start=1)]
        if not marks:
            rows.append([name, "0", *told[1:], *[""] * (1 + len(task.attributes))])
        kernels.append([name, series.convolution_kernel])
    _write(out / KERNELS, kernels)
    _write(out / INDEX, rows)  # last: it says that all is there


def _numbers(labels: LabelSet, series: SeriesRecord) -> tuple[NDArray[np.uint16], list[Mark]]:
    """The number of a lesion at each voxel, and the lesions in that order."""
    grid = series.grid
    numbers, marks = np.zeros(grid.shape, np.uint16), []
    for mark in labels.nodules:
        mask = mark.mask
        if mask is None and mark.diameter_mm is not None:
            mask = ball(mark.center_mm, mark.diameter_mm, grid)
        if mask is not None and (free := on_grid(mask, grid) & (numbers == 0)).any():
            marks.append(mark)
            numbers[free] = len(marks)
    return numbers, marks


def _row(told: list[str], number: int, mark: Mark, task: Task) -> list[str]:
    name, patient, fold = told
    ratings = [str(mark.attributes.get(key, "")) for key in ("malignancy", *task.attributes)]
    return [name, str(number), patient, fold, *ratings]


def _labels(session: Session, settings: Settings, case: Case) -> LabelSet:
    masks = MaskStore(settings.storage)
    labels = label_layers.of_content(session, case.series_uid, case.labels, masks)
    if labels is None:
        raise LungcoreError("models.labels_unknown", series_uid=case.series_uid, labels=case.labels)
    return labels


def _folder(settings: Settings) -> Path:
    return settings.storage / "datasets"


def _write(path: Path, rows: list[list[str]]) -> None:
    beside = path.with_suffix(".tmp")
    with beside.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    beside.replace(path)
