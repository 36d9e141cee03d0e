from __future__ import annotations

import numpy as np

from graphspec.inspect.mistakes import Mistake, most_wrong

PROBABILITIES = np.array([[0.9, 0.1, 0.0], [0.6, 0.3, 0.1], [0.8, 0.05, 0.15], [0.1, 0.2, 0.7]])


def test_the_least_likely_truth_comes_first():
    found = most_wrong(PROBABILITIES, np.array([0, 1, 2, 2]))
    assert found == (Mistake(2, 2, 0, 0.8, 0.15), Mistake(1, 1, 0, 0.6, 0.3))


def test_at_most_so_many_are_given():
    labels = np.array([2, 2, 2, 0])
    assert [item.example for item in most_wrong(PROBABILITIES, labels, count=2)] == [0, 1]
    assert len(most_wrong(PROBABILITIES, labels, count=None)) == 4


def test_where_all_is_right_there_are_none():
    assert most_wrong(PROBABILITIES, np.array([0, 0, 0, 2])) == ()
