from dataclasses import replace

import numpy as np
import pytest

from lungcore.imaging.lungs import lung_mask
from lungcore.imaging.phantom import thorax
from lungcore.imaging.volume import Volume
from lungcore.learning.regions import body_mask, region_mask
from lungcore.learning.tasks import LUNGS

AFFINE = np.eye(4)[:, [2, 1, 0, 3]]


def test_the_body_holds_its_gas_and_no_couch():
    hu = np.full((6, 60, 80), -1000, np.int16)
    body = np.zeros(hu.shape, bool)
    body[:, 10:40, 10:70] = True
    hu[body] = 30
    hu[2:4, 20:30, 20:30] = -1000  # gas inside
    hu[:, 50:53, 5:75] = 100  # the couch
    np.testing.assert_array_equal(body_mask(Volume(hu, AFFINE)), body)


def test_air_alone_holds_no_body():
    assert not body_mask(Volume(np.full((3, 40, 40), -1000, np.int16), AFFINE)).any()


@pytest.mark.parametrize(("region", "mask"), [("lungs", lung_mask), ("body", body_mask)])
def test_a_task_names_its_region(region, mask):
    volume = thorax(seed=0, slices=20).volume
    found = region_mask(volume, replace(LUNGS, region=region))
    assert found.any()
    np.testing.assert_array_equal(found, mask(volume))
