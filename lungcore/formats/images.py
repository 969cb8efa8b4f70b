"""NIfTI and MetaImage volumes."""

from pathlib import Path

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from lungcore.errors import LungcoreError
from lungcore.imaging.volume import Volume

SUFFIXES = (".nii", ".nii.gz", ".mha", ".mhd")


def is_image(path: Path) -> bool:
    """Whether the file's name says NIfTI or MetaImage."""
    return path.name.lower().endswith(SUFFIXES)


def stem(path: Path) -> str:
    """The file's name without its suffix: "case.nii.gz" is "case". LUNA16 names series so."""
    suffixes = [suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)]
    return path.name[: -len(max(suffixes, key=len, default="")) or None]


def read(path: Path) -> Volume:
    """The volume of a NIfTI or MetaImage file whose values are Hounsfield units.

    SimpleITK gives both in LPS millimetres; it turns NIfTI's RAS. Fractions of an HU are rounded.
    What is not finite in a NIfTI file arrives as 0: its library replaces it.
    Raises LungcoreError formats.image_unreadable, formats.image_not_3d or formats.image_not_hu.
    """
    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError as error:
        raise LungcoreError("formats.image_unreadable", path=path, problem=_last(error)) from error
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        size = " x ".join(map(str, image.GetSize()))
        raise LungcoreError("formats.image_not_3d", path=path, size=size)
    return Volume(_hu(SimpleITK.GetArrayViewFromImage(image), path), _affine(image))


def write_mask(mask: NDArray[np.bool_], volume: Volume, path: Path) -> None:
    """Write `mask`, shape of `volume`, as 0 and 1 in a NIfTI or MetaImage file on its grid."""
    write(mask.astype(np.uint8), volume.affine, path)


def write(voxels: NDArray, affine: NDArray[np.float64], path: Path) -> None:
    """Write `voxels` [slice, row, column], with their `affine` to LPS mm, to a file.

    Raises LungcoreError formats.image_unwritable.
    """
    image = SimpleITK.GetImageFromArray(voxels)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(spacing[::-1].tolist())
    image.SetDirection((affine[:3, :3] / spacing)[:, ::-1].ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    try:
        SimpleITK.WriteImage(image, str(path), useCompression=True)
    except RuntimeError as error:
        raise LungcoreError("formats.image_unwritable", path=path, problem=_last(error)) from error


def _hu(values: np.ndarray, path: Path) -> np.ndarray:
    limits = np.iinfo(np.int16)
    low, high = values.min(), values.max()
    # The comparison is false for NaN, which min and max hand on.
    if not (limits.min <= low and high <= limits.max):
        raise LungcoreError("formats.image_not_hu", path=path, low=low, high=high)
    return np.rint(values).astype(np.int16)


def _affine(image: SimpleITK.Image) -> np.ndarray:
    """(slice, row, column, 1) to LPS mm; SimpleITK counts (column, row, slice)."""
    affine = np.eye(4)
    axes = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    affine[:3, :3] = axes[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return affine


def _last(error: RuntimeError) -> str:
    """The sentence of an ITK exception that says what is wrong: its last line."""
    return str(error).strip().splitlines()[-1]
