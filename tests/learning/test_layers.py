"""Layers lie on the voxels of their series, against plain arithmetic at each voxel's centre."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lungcore.imaging.layers import Layer
from lungcore.imaging.volume import Volume
from lungcore.learning.classify import Assessment, Look
from lungcore.learning.crops import stack_at
from lungcore.learning.explain import attribution
from lungcore.learning.layers import layers_of, lungs_layer
from lungcore.learning.tasks import LUNGS

CENTRE = (14.0, 40.0, 44.0)


def volume(slice_mm=1.0, slices=30):
    affine = np.eye(4)[:, [2, 1, 0, 3]] * [slice_mm, 0.8, 0.7, 1]
    affine[:3, 3] = (-120, 30.5, 7)
    return Volume(np.full((slices, 80, 90), -850, np.int16), affine)


def ball(stack, radius_mm):
    """A ball at the centre of the planes."""
    grid = np.moveaxis(np.indices(stack.hu.shape), 0, -1) - stack.centre
    return np.linalg.norm(grid * stack.spacing_mm, axis=-1) <= radius_mm


def assessment(scan, mask_of, *, evidence=None, centre=CENTRE, zoom=1.0):
    near = stack_at(scan, centre, 10.0, LUNGS)
    measured = stack_at(scan, centre, 10.0 * zoom, LUNGS, zoom)
    if evidence is None:
        evidence = np.zeros(near.hu.shape, np.float32)
    logits = np.where(ball(near, 5), 1, -1).astype(np.float32)
    scores = np.zeros((len(near.hu), len(LUNGS.targets)), np.float32)
    return Assessment(
        nodule=0.9,
        malignancy=0.5,
        attributes={},
        diameter_mm=8.0,
        features=np.zeros(1),
        measured=measured,
        mask=mask_of(measured),
        look=Look(near, logits, scores, evidence),
    )


def whole(layer: Layer, shape):
    """The values of a layer with steps of one voxel, in an array of the volume's shape."""
    values = np.zeros(shape, np.uint8)
    ends = [slice(low, low + n) for low, n in zip(layer.origin, layer.values.shape, strict=True)]
    values[tuple(ends)] = layer.values
    return values


def made(scan, said):
    lungs = np.ones(scan.shape, bool)
    return {layer.kind: layer for layer in layers_of(scan, lungs, [said])}


@pytest.mark.parametrize("zoom", [1.0, 2.0])
@pytest.mark.parametrize("slice_mm", [0.6, 1.0, 2.5])
def test_a_mask_is_the_ball_that_was_outlined(slice_mm, zoom):
    scan = volume(slice_mm)
    said = assessment(scan, lambda stack: ball(stack, 6.0), zoom=zoom)
    layer = made(scan, said)["nodule"]
    grid = np.moveaxis(np.indices(scan.shape), 0, -1) - CENTRE
    away_mm = np.linalg.norm(grid * scan.spacing_mm, axis=-1)
    found = whole(layer, scan.shape) > 0
    assert found[away_mm < 6.0 - zoom].all()
    assert not found[away_mm > 6.0 + zoom].any()
    assert set(np.unique(layer.values)) == {0, 1}
    assert (layer.candidate, layer.step, layer.top) == (0, (1, 1, 1), 1.0)


def test_boxes_are_tight():
    scan = volume()
    for layer in made(scan, assessment(scan, lambda stack: ball(stack, 4.0))).values():
        for axis in range(3):
            assert all(np.take(layer.values, end, axis).any() for end in (0, -1))


def test_a_nodule_between_thick_slices_is_shown_where_it_is_nearest():
    scan = volume(slice_mm=8.0, slices=9)
    said = assessment(scan, lambda stack: ball(stack, 1.5), centre=(4.4, 40.0, 44.0))
    layer = made(scan, said)["nodule"]
    assert (layer.origin, layer.values.shape) == ((4, 40, 44), (1, 1, 1))
    assert layer.values.all()


def test_a_nodule_at_the_edge_of_the_volume_stays_in_it():
    scan = volume()
    said = assessment(scan, lambda stack: ball(stack, 6.0), centre=(0.0, 1.0, 88.0))
    layer = made(scan, said)["nodule"]
    assert layer.origin[0] == 0
    ends = np.add(layer.origin, layer.values.shape)
    assert (np.array(layer.origin) >= 0).all()
    assert (ends <= scan.shape).all()


def test_a_map_is_what_speaks_for_a_high_rating_at_each_voxel():
    scan = volume(slice_mm=2.0)
    near = stack_at(scan, CENTRE, 10.0, LUNGS)
    evidence = np.random.default_rng(1).normal(size=near.hu.shape).astype(np.float32)
    said = assessment(scan, lambda stack: ball(stack, 4.0), evidence=evidence)
    layer = made(scan, said)["attribution"]
    ours = np.maximum(attribution(said.look), 0)
    found = whole(layer, scan.shape) * (layer.top / 255)
    for index in [(14, 40, 44), (13, 35, 50), (15, 44, 41), (14, 30, 30)]:
        plane, row, column = np.linalg.solve(near.affine, [*scan.to_mm(index), 1])[:3]
        assert plane == pytest.approx(round(plane))  # the planes are 1 mm apart
        r, c = int(row), int(column)
        corners = ours[round(plane), r : r + 2, c : c + 2]
        rows, columns = np.array([r + 1 - row, row - r]), np.array([c + 1 - column, column - c])
        assert found[index] == pytest.approx(rows @ corners @ columns, abs=layer.top / 255)
    assert layer.values.max() == 255


def test_where_nothing_speaks_for_a_high_rating_there_is_no_map():
    scan = volume()
    against = np.full(stack_at(scan, CENTRE, 10.0, LUNGS).hu.shape, -1, np.float32)
    assert set(made(scan, assessment(scan, lambda stack: ball(stack, 4.0), evidence=against))) == {
        "lungs",
        "nodule",
    }


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(bool, st.tuples(*[st.integers(1, 9)] * 3)))
def test_the_lungs_are_halved_by_majority(mask):
    mask.flat[mask.size // 2] = True
    layer = lungs_layer(mask)
    assert layer.step == (1, 2, 2)
    assert layer.origin[1] % 2 == layer.origin[2] % 2 == 0
    even = np.pad(mask, [(0, 0), (0, mask.shape[1] % 2), (0, mask.shape[2] % 2)])
    slices, rows, columns = even.shape
    share = even.reshape(slices, rows // 2, 2, columns // 2, 2).mean(axis=(2, 4))
    found = np.zeros(share.shape, np.uint8)
    first, row, column = layer.origin
    size = layer.values.shape
    found[
        first : first + size[0], row // 2 : row // 2 + size[1], column // 2 : column // 2 + size[2]
    ] = layer.values
    np.testing.assert_array_equal(found, share >= 0.5)
