"""Labels on a small grid, to be written and read back."""

import numpy as np
import pytest

from lungcore.findings.labels import Grid, LabelSet, Mark
from lungcore.findings.mask import Mask
from lungcore.findings.voxels import ball, center_mm, diameter_mm

UID = "1.2.840.1"
COS, SIN = 0.995, 0.0998749  # turned in the plane: tells a forgotten axis or sign
GRID = Grid(
    (10, 16, 18),
    np.array(
        [
            [0, 1.1 * SIN, 0.9 * COS, -30],
            [0, 1.1 * COS, -0.9 * SIN, 15],
            [2.5, 0, 0, -100],
            [0, 0, 0, 1],
        ]
    ),
)


def sized(name: str, mask: Mask, **attributes: int) -> Mark:
    """A nodule of a mask."""
    return Mark(
        name=name,
        kind="nodule",
        center_mm=center_mm(mask, GRID),
        diameter_mm=diameter_mm(mask, GRID),
        attributes=attributes,
        mask=mask,
    )


@pytest.fixture
def grid() -> Grid:
    return GRID


@pytest.fixture
def sets() -> list[LabelSet]:
    """Two readers: one outlined two nodules and set points, one marked a ball."""
    rng = np.random.default_rng(8)
    blob = rng.random((3, 5, 4)) > 0.4
    blob[[0, -1], [0, -1], [0, -1]] = True
    round_one = ball((-22.0, 26.0, -80.0), 6.0, GRID)
    assert round_one is not None
    marks = (
        sized("one", Mask((1, 2, 9), blob), malignancy=4, spiculation=1),
        sized("two, too", round_one),
        Mark(
            name="dot",
            kind="small_nodule",
            center_mm=(-25.0, 22.0, -90.0),
            diameter_mm=None,
            attributes={},
            mask=None,
        ),
        Mark(
            name="no",
            kind="non_nodule",
            center_mm=(-26.0, 21.0, -85.0),
            diameter_mm=None,
            attributes={},
            mask=None,
        ),
    )
    only_ball = Mark(
        name="1",
        kind="nodule",
        center_mm=(-21.5, 24.0, -90.0),
        diameter_mm=7.0,
        attributes={"texture": 5},
        mask=None,
    )
    return [
        LabelSet(series_uid=UID, reader="ann 读片", marks=marks),
        LabelSet(series_uid=UID, reader="bob", marks=(only_ball,)),
    ]
