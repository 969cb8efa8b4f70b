"""Filling of closed lines, against the distance of each pixel to the line."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lungcore.findings.outlines import TOUCHING, filled

SIDE = 16
POINTS = st.lists(
    st.tuples(st.integers(-3, SIDE + 3), st.integers(-3, SIDE + 3)), min_size=3, max_size=8
)


def crossings(points, x, y):
    """How often a ray from (x, y) to the right crosses the line, edge by edge."""
    count = 0
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        if (y0 <= y) != (y1 <= y):
            count += x0 + (y - y0) * (x1 - x0) / (y1 - y0) > x
    return count


def distance(points, x, y):
    """From a point to the nearest edge."""
    found = []
    for start, end in zip(points, np.roll(points, -1, axis=0), strict=True):
        edge, to = end - start, np.array([x, y]) - start
        share = np.clip(to @ edge / max(edge @ edge, 1e-12), 0, 1)
        found.append(np.linalg.norm(to - share * edge))
    return min(found)


@given(POINTS)
def test_pixels_off_the_line_are_inside_by_the_even_odd_rule(given_points):
    points = np.array(given_points, float)
    inside = filled(points, (SIDE, SIDE))
    for y in range(SIDE):
        for x in range(SIDE):
            if distance(points, x, y) > 2 * TOUCHING:
                # A little off the row, so that no corner is on the ray.
                assert inside[y, x] == crossings(points, x, y + 1e-6) % 2


@given(POINTS)
def test_corners_belong(given_points):
    points = np.array(given_points, float)
    inside = filled(points, (SIDE, SIDE))
    for x, y in given_points:
        if 0 <= x < SIDE and 0 <= y < SIDE:
            assert inside[y, x]


def test_edges_belong():
    square = np.array([(2, 3), (6, 3), (6, 8), (2, 8)], float)
    wanted = np.zeros((SIDE, SIDE), bool)
    wanted[3:9, 2:7] = True
    np.testing.assert_array_equal(filled(square, (SIDE, SIDE)), wanted)


def test_a_line_beside_pixels_takes_none_of_them():
    square = np.array([(2.2, 3.2), (2.8, 3.2), (2.8, 3.8), (2.2, 3.8)])
    assert not filled(square, (SIDE, SIDE)).any()


def test_a_rounded_line_still_holds_what_it_goes_through():
    square = np.array([(2.013, 3.013), (6.013, 3.013), (6.013, 8.013), (2.013, 8.013)])
    assert filled(square, (SIDE, SIDE)).sum() == 5 * 6
