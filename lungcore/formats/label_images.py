"""Masks of nodules as NIfTI or MetaImage volumes: 0 outside, a number for each nodule."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from lungcore.errors import LungcoreError
from lungcore.findings.labels import Drawn, DrawnSet, Grid, Mark, Voxels
from lungcore.findings.voxels import ball, on_grid
from lungcore.formats import images
from lungcore.imaging.volume import Volume

NAME = re.compile(r"(?P<series_uid>[0-9]+(?:\.[0-9]+)+)(?:[-_](?P<reader>.+))?")
MOST_NODULES = 1000
APART = ".mhd"  # its voxels are in a file of their own
TOUCHING = np.ones((3, 3, 3), bool)


def read(path: Path, name: str, series_uid: str = "") -> DrawnSet:
    """The nodules of a mask. A mask of 0 and 1 alone has one for each part that hangs together.

    name: of the file, as the user knows it: SERIES_UID.nii.gz or SERIES_UID-READER.nii.gz.
    series_uid: where the name does not begin with it.
    Raises LungcoreError when the series is not named, the values are no numbers of nodules, or the
    file is not the whole image.
    """
    if name.lower().endswith(APART):
        raise LungcoreError("labels.image_apart", path=name)
    called = images.stem(Path(name))
    parts = NAME.fullmatch(called)
    series_uid = series_uid or (parts["series_uid"] if parts else "")
    if not series_uid:
        raise LungcoreError("labels.series_unnamed", path=name)
    volume = images.read(path)
    marks = tuple(_mark(number, voxels, volume) for number, voxels in _nodules(volume, name))
    reader = (parts["reader"] if parts else None) or called
    return DrawnSet(series_uid=series_uid, reader=reader, marks=marks)


def label_map(marks: Sequence[Mark], grid: Grid) -> NDArray[np.uint16]:
    """The grid's voxels with the number of their nodule, from 1; the later where two overlap.

    A nodule without a mask is a ball of its diameter; without that, it is left out.
    """
    numbers = np.zeros(grid.shape, np.uint16)
    for number, mark in enumerate(marks, start=1):
        mask = mark.mask
        if mask is None and mark.diameter_mm is not None:
            mask = ball(mark.center_mm, mark.diameter_mm, grid)
        if mask is not None:
            numbers[on_grid(mask, grid)] = number
    return numbers


def _nodules(volume: Volume, name: str) -> list[tuple[int, NDArray[np.bool_]]]:
    values = np.unique(volume.hu)
    numbers = values[values != 0]
    if numbers.min(initial=1) < 0 or len(numbers) > MOST_NODULES:
        raise LungcoreError("labels.mask_values", path=name, low=values[0], high=values[-1])
    if numbers.max(initial=0) <= 1:
        parts, count = ndimage.label(volume.hu > 0, TOUCHING)
        if count > MOST_NODULES:
            raise LungcoreError("labels.mask_parts", path=name, n=count)
        return [(number, parts == number) for number in range(1, count + 1)]
    return [(int(number), volume.hu == number) for number in numbers]


def _mark(number: int, voxels: NDArray[np.bool_], volume: Volume) -> Drawn:
    return Drawn(name=str(number), shape=Voxels(voxels, volume.affine))
