"""What a task learns from, however its data is laid out."""

from pathlib import Path

from lungcore.errors import LungcoreError
from lungcore.learning import data as pasted
from lungcore.learning import scans
from lungcore.learning.data import Background, Case, Nodule
from lungcore.learning.plans import DETECTOR
from lungcore.learning.rated import Rated, read_rated
from lungcore.learning.tasks import Task


def for_detector(
    data: Path, task: Task, *, held_out: bool = False
) -> tuple[list[Nodule], list[Background]]:
    """Nodules to paste, and series to paste them into or with lesions of their own.

    held_out: of the folds that tell when to stop, instead of those that are learnt from. Raises
    LungcoreError when the data is not there, or no series is large enough for a patch.
    """
    folds = task.validation_folds if held_out else task.training_folds
    nodules: list[Nodule] = []
    if task.data == "scans":
        backgrounds = scans.backgrounds(data, task, folds)
    else:
        nodules = pasted.read_nodules(data, folds)
        read = pasted.read_labelled_backgrounds if held_out else pasted.read_training_backgrounds
        backgrounds = read(data, task)
    least = max(side for _, side in task.patches)
    roomy = [one for one in backgrounds if min(one.volume.shape) >= least]
    if not roomy:
        raise LungcoreError("learning.series_small", path=data, side=least)
    return nodules, roomy  # thinner slabs hold no patch for a mass


def rated(data: Path, task: Task) -> list[Rated]:
    """What readers rated, for the classifier."""
    return scans.read_rated(data, task) if task.data == "scans" else read_rated(data, task)


def cases(data: Path, task: Task) -> list[Case]:
    """Whole series in which the classifier learns what is no finding."""
    if task.data == "scans":
        return scans.cases(data, task)
    return pasted.read_unlabelled_cases(data)


def series(preset: str, data: Path, task: Task) -> list[str]:
    """SeriesInstanceUIDs, or names of files, that a preset learns of.

    Of whole scans all: places without a lesion are learnt from too, and those held back say when
    to stop.
    """
    if task.data == "scans":
        return scans.names(data, range(task.folds))
    if preset == DETECTOR:
        return pasted.nodule_series(data, task.training_folds)
    return sorted({one.series_uid for one in rated(data, task)})


def check(data: Path, task: Task) -> None:
    """Raises LungcoreError when the folder holds nothing to learn this task from."""
    pasted.read_rows(data / (scans.INDEX if task.data == "scans" else pasted.INDEX))
