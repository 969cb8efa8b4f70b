"""What a detection shows over the images: lungs, nodules, and what their ratings rest on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lungcore.imaging.layers import Layer, LayerKind, Triple
from lungcore.imaging.resampling import Box, bounding_box, crop
from lungcore.imaging.volume import Volume
from lungcore.learning.classify import Assessment
from lungcore.learning.crops import Stack, spread
from lungcore.learning.explain import attribution

LUNGS_STEP = (1, 2, 2)  # a browser keeps the lungs in memory beside the volume
LEVELS = 255


def layers_of(
    volume: Volume, lungs: NDArray[np.bool_], assessments: Sequence[Assessment]
) -> Iterator[Layer]:
    """The layers of a detection in `volume`; `assessments` in the order of its candidates.

    lungs: shape of the volume, not empty. Of a finding that no voxel speaks for, no attribution.
    """
    yield lungs_layer(lungs)
    for number, said in enumerate(assessments):
        yield replace(_nodule(volume, said), candidate=number)
        for found in _attribution(volume, said):
            yield replace(found, candidate=number)


def lungs_layer(lungs: NDArray[np.bool_]) -> Layer:
    """The mask on a grid of `LUNGS_STEP`: set where half of the voxels under an element are."""
    box = bounding_box(lungs)
    _, row, column = (low - low % step for low, step in zip(box.start, LUNGS_STEP, strict=True))
    part = lungs[box.start[0] : box.stop[0], row : box.stop[1], column : box.stop[2]]
    _, rows, columns = (
        -(-count // step) for count, step in zip(part.shape, LUNGS_STEP, strict=True)
    )
    values = np.empty((len(part), rows, columns), np.uint8)
    even = np.zeros((2 * rows, 2 * columns), np.uint8)
    for source, target in zip(part, values, strict=True):
        np.multiply(source, np.uint8(LEVELS), out=even[: part.shape[1], : part.shape[2]])
        shares = cv2.resize(even, (columns, rows), interpolation=cv2.INTER_AREA)
        np.greater_equal(shares, LEVELS // 2, out=target, casting="unsafe")
    return Layer("lungs", values, (box.start[0], row, column), LUNGS_STEP)


def _nodule(volume: Volume, said: Assessment) -> Layer:
    """The mask of a finding on the voxels of `volume`.

    Where it lies between their centres (thick slices), the voxel nearest to its middle.
    """
    box = _around(said.mask, said.measured, volume)
    inside = spread(said.mask, 0, said.measured, crop(volume, box)) >= 0.5
    if not inside.any():
        middle = np.argwhere(said.mask).mean(axis=0)
        index = volume.to_index(_to_mm(said.measured, middle)) - box.start
        inside[tuple(np.clip(np.rint(index).astype(int), 0, np.array(inside.shape) - 1))] = True
    return _tight("nodule", inside.astype(np.uint8), box)


def _attribution(volume: Volume, said: Assessment) -> Iterator[Layer]:
    """What speaks for a high rating at each voxel of `volume`, if anything does."""
    stack = said.look.stack
    evidence = np.maximum(attribution(said.look), 0)
    if evidence.any():
        box = _around(evidence > 0, stack, volume)
        spoken = spread(evidence, 0, stack, crop(volume, box))
        top = float(spoken.max())
        if top > 0:
            values = np.rint(spoken * (LEVELS / top)).astype(np.uint8)
            yield replace(_tight("attribution", values, box), top=top)


def _around(mask: NDArray[np.bool_], stack: Stack, volume: Volume) -> Box:
    """The voxels of `volume` that have a part of `mask`, in the planes of `stack`, in reach."""
    planes = bounding_box(mask)
    ends = np.array([np.array(planes.start) - 1, planes.stop])  # a plane beyond on both sides
    low, high = volume.to_index(_to_mm(stack, ends))
    start = np.clip(np.floor(low).astype(int), 0, np.array(volume.shape) - 1)
    stop = np.clip(np.ceil(high).astype(int) + 1, start + 1, volume.shape)
    return Box(_triple(start), _triple(stop))


def _to_mm(stack: Stack, index: NDArray) -> NDArray[np.float64]:
    return index @ stack.affine[:3, :3].T + stack.affine[:3, 3]


def _tight(kind: LayerKind, values: NDArray[np.uint8], box: Box) -> Layer:
    inner = bounding_box(values > 0)
    origin = _triple(np.add(box.start, inner.start))
    return Layer(kind, np.ascontiguousarray(values[inner.slices]), origin)


def _triple(index: NDArray[np.intp]) -> Triple:
    first, second, third = map(int, index)
    return first, second, third
