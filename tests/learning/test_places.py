import numpy as np
import pytest

from lungcore.imaging.volume import Volume
from lungcore.learning.blobs import blobs
from lungcore.learning.data import Case
from lungcore.learning.places import AROUND, places
from lungcore.learning.tasks import LUNGS

AFFINE = np.diag([0.8, 0.8, 2.0, 1.0])[:, [2, 1, 0, 3]]
AFFINE[:3, 3] = (-20, 10, 5)
BALLS = (((14, 40, 45), 4.0), ((26, 70, 60), 9.0))  # index and radius in mm


@pytest.fixture
def case():
    """Aerated lung with two balls; outside of it all is bright."""
    grid = np.stack(np.meshgrid(*(np.arange(n) for n in (40, 110, 110)), indexing="ij"), -1)
    hu = np.full(grid.shape[:3], -850, np.int16)
    for index, radius_mm in BALLS:
        away = np.linalg.norm((grid - index) * (2.0, 0.8, 0.8), axis=-1)
        hu[away <= radius_mm] = 50
    lungs = np.zeros(hu.shape, bool)
    lungs[4:36, 10:100, 10:100] = True
    hu[~lungs] = 60
    volume = Volume(hu, AFFINE)
    return Case("made", volume, lungs, ())


def test_balls_are_found_where_they_are_and_as_large(case):
    found = blobs(case.volume, case.region, 50, LUNGS)
    assert [blob.strength for blob in found] == sorted((b.strength for b in found), reverse=True)
    for index, radius_mm in BALLS:
        centre_mm = case.volume.to_mm(index)
        near = min(found, key=lambda blob: np.linalg.norm(np.subtract(blob.centre_mm, centre_mm)))
        assert np.linalg.norm(np.subtract(near.centre_mm, centre_mm)) < 1.5
        assert near.diameter_mm == pytest.approx(2 * radius_mm, rel=0.3)


def test_no_more_than_asked_for(case):
    assert len(blobs(case.volume, case.region, 1, LUNGS)) == 1


def test_what_may_be_a_nodule_is_no_place(case):
    centre_mm = tuple(case.volume.to_mm(BALLS[1][0]))
    suspected = Case("made", case.volume, case.region, ((centre_mm, 9.0),))

    def near(place):
        at = place.volume.to_mm(place.index)
        return np.linalg.norm(at - centre_mm) < 9

    assert any(near(place) for place in places(case, 50, LUNGS))
    kept = places(suspected, 50, LUNGS)
    assert kept
    assert not any(near(place) for place in kept)


def test_a_place_is_cut_out_around_itself(case):
    for place in places(case, 50, LUNGS):
        assert place.kind == "none"
        assert place.targets[0] == 0
        assert place.weights.tolist() == [1, *[0] * (len(place.weights) - 1)]
        around_mm = np.multiply(AROUND, LUNGS.crop.field_mm)
        reach = np.ceil(around_mm / place.volume.spacing_mm) * 2 + 2
        assert np.all(np.array(place.volume.shape) <= reach)
        assert np.all((place.index >= -0.5) & (place.index <= np.array(place.volume.shape) - 0.5))
