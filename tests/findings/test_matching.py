"""The Hungarian matching, against all that could be matched."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lungcore.findings.matching import match, sphere_costs

COST = st.one_of(st.just(math.inf), st.integers(0, 1000))


def best_by_trying(costs):
    """(pairs, cost) of the best matching of a small table."""
    rows, columns = costs.shape
    if rows > columns:
        return best_by_trying(costs.T)
    found = []
    for order in permutations(range(columns), rows):
        taken = [costs[i, j] for i, j in enumerate(order) if np.isfinite(costs[i, j])]
        found.append((-len(taken), sum(taken)))
    return min(found)


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_no_other_matching_is_better(rows, columns, data):
    row = st.lists(COST, min_size=columns, max_size=columns)
    costs = np.array(data.draw(st.lists(row, min_size=rows, max_size=rows)), float)
    found = match(costs)
    cost = sum(costs[pair] for pair in found.pairs)
    assert (-len(found.pairs), cost) == best_by_trying(costs)
    assert sorted([i for i, _ in found.pairs] + list(found.first_only)) == list(range(rows))
    assert sorted([j for _, j in found.pairs] + list(found.second_only)) == list(range(columns))


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 3), (2, 0)])
def test_nothing_to_match_leaves_all_over(rows, columns):
    found = match(np.zeros((rows, columns)))
    assert found == ((), tuple(range(rows)), tuple(range(columns)))


def test_a_pair_is_nearer_than_the_larger_radius():
    costs = sphere_costs([(0, 0, 0)], [4], [(0, 0, 4.9), (0, 0, 5.1)], [10, 10])
    assert costs[0, 0] == pytest.approx(4.9)
    assert math.isinf(costs[0, 1])


def test_costs_of_nobody_have_their_shape():
    assert sphere_costs([], [], [(0, 0, 0)], [5]).shape == (0, 1)
    assert sphere_costs([], [], [], []).shape == (0, 0)


def test_costs_are_a_table():
    with pytest.raises(ValueError, match="2 dimensions"):
        match([1.0, 2.0])
