import numpy as np
import pytest
from scipy import ndimage

from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.phantom import thorax

SPACING = (2.5, 1.40625, 1.40625)


@pytest.fixture(scope="module")
def phantom():
    return thorax(slices=80, spacing_mm=SPACING)


def around(volume, nodule, share):
    """HU within `share` of the nodule's radius."""
    middle = np.rint(volume.to_index(nodule.center_mm)).astype(int)
    near = np.indices((15, 25, 25)).reshape(3, -1).T - (7, 12, 12) + middle
    near = near[((near >= 0) & (near < volume.shape)).all(axis=1)]
    distances = np.linalg.norm(volume.to_mm(near) - nodule.center_mm, axis=1)
    return volume.hu[tuple(near.T)][distances < share * nodule.diameter_mm / 2]


def test_it_has_each_kind_of_nodule(phantom):
    kinds = [nodule.kind for nodule in phantom.nodules]
    assert kinds == ["spiculated", "solid", "part_solid", "ground_glass", "pleural", "solid"]
    malignant = [nodule.malignant for nodule in phantom.nodules]
    assert malignant == [True, False, True, False, False, False]


def test_nodules_are_where_the_truth_says(phantom):
    for nodule in phantom.nodules:
        inside = np.median(around(phantom.volume, nodule, 0.5))
        if nodule.kind == "ground_glass":
            assert -720 < inside < -480
        else:
            assert -120 < inside < 90


def test_a_nodule_is_as_large_as_the_truth_says(phantom):
    (nodule,) = [nodule for nodule in phantom.nodules if nodule.diameter_mm == 8.5]
    volume = phantom.volume
    labels, _ = ndimage.label(volume.hu > -400)
    centre = tuple(np.rint(volume.to_index(nodule.center_mm)).astype(int))
    voxels = np.count_nonzero(labels == labels[centre])
    diameter_mm = 2 * (3 * voxels * np.prod(SPACING) / (4 * np.pi)) ** (1 / 3)
    # A vessel may touch it, and the voxels are large.
    assert nodule.diameter_mm - 1.5 < diameter_mm < nodule.diameter_mm + 3


def test_nodules_lie_in_the_lung_and_apart(phantom):
    centres = [np.array(nodule.center_mm) for nodule in phantom.nodules]
    away_mm = ndimage.distance_transform_edt(~lung_mask(phantom.volume), sampling=SPACING)
    for number, centre in enumerate(centres):
        index = tuple(np.rint(phantom.volume.to_index(centre)).astype(int))
        nodule = phantom.nodules[number]
        assert away_mm[index] < nodule.diameter_mm / 2  # one at the pleura is no hole in the lung
        assert all(np.linalg.norm(centre - other) > 29 for other in centres[:number])


def test_its_tissues_have_the_hu_of_tissues(phantom):
    volume = phantom.volume
    lung = volume.hu[lung_mask(volume)]
    assert -900 < np.median(lung) < -820
    litres = lung.size * np.prod(SPACING) / 1e6
    assert 2.5 < litres < 7
    assert np.median(volume.hu[:, :20, :20]) == pytest.approx(-1000, abs=5)
    assert (volume.hu > 300).mean() > 0.005  # bone
    inside = volume.hu[(volume.hu > 0) & (volume.hu < 100)]
    assert inside.size / volume.hu.size > 0.1


def test_the_same_seed_gives_the_same_voxels_and_another_others():
    one, same, other = (
        thorax(seed=seed, slices=4, spacing_mm=(8.0, 5.0, 5.0)) for seed in (3, 3, 4)
    )
    assert np.array_equal(one.volume.hu, same.volume.hu)
    assert one.nodules == same.nodules
    assert not np.array_equal(one.volume.hu, other.volume.hu)


def test_the_affine_is_lps_and_centred():
    volume = thorax(slices=5, spacing_mm=(2.0, 3.0, 4.0)).volume
    _, rows, columns = volume.shape
    middle = volume.to_mm((2, (rows - 1) / 2, (columns - 1) / 2))
    assert np.allclose(middle, (0, 0, 150))
    steps = volume.affine[:3, :3]
    assert np.allclose(steps, [[0, 0, 4], [0, 3, 0], [2, 0, 0]])


@pytest.mark.parametrize(
    "wrong", [{"slices": 0}, {"spacing_mm": (0, 1, 1)}, {"spacing_mm": (1, 1, 9)}]
)
def test_impossible_sizes_are_a_callers_mistake(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        thorax(**wrong)
