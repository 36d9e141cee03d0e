from __future__ import annotations

import numpy as np
import pytest

from graphspec.data import load_data
from graphspec.errors import DataError
from graphspec.inspect.embedding import embed, neighbour_purity


def test_R04_neighbours_of_digits_in_the_plane_are_of_their_class():
    pytest.importorskip("sklearn")
    digits = load_data("digits")
    # The time that it takes grows with the square of their number.
    x, y = digits.x[:600], digits.y[:600]
    found = embed(x, seed=0)
    assert found.points.shape == (600, 2)
    assert neighbour_purity(found.points, y, k=10) >= 0.95


def test_purity_is_the_share_of_own_neighbours():
    points = np.array([[0.0, 0], [1, 0], [2, 0], [10, 0], [11, 0], [12, 0]])
    labels = np.array([0, 0, 1, 1, 1, 1])
    # Of the two nearest of each: (0, 1), (0, 1), (0, 0), (1, 1), (1, 1), (1, 1) share its label.
    assert neighbour_purity(points, labels, k=2) == pytest.approx((1 + 1 + 0 + 2 + 2 + 2) / 12)


def test_too_few_examples_are_refused():
    with pytest.raises(DataError, match="too few"):
        embed(np.zeros((5, 3)), perplexity=30)
    with pytest.raises(DataError, match="lower k"):
        neighbour_purity(np.zeros((5, 2)), np.zeros(5), k=5)
