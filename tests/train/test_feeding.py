"""Which examples are trained on: parts of the training split, and classes of equal size."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graphspec.data.dataset import Dataset
from graphspec.errors import DataError
from graphspec.plan import compile_graph
from graphspec.train.feeding import TrainingData, divide
from tests.train.nets import config, network, points, regression, sums


def uneven() -> Dataset:
    """Three clouds of points, of 60, 30 and 10."""
    data = points(100)
    return replace(data, y=np.repeat([0, 1, 2], [60, 30, 10]).astype(np.int64))


def divided(**split: Any) -> TrainingData:
    settings = config(split={"validation": 20, **split})
    return divide(compile_graph(network()), uneven(), settings)


def test_a_learning_curve_keeps_its_validation_examples() -> None:
    whole, half, small = divided(), divided(train=0.5), divided(train=8)
    assert [len(data.parts["train"][0]) for data in (whole, half, small)] == [80, 40, 8]
    assert np.bincount(half.parts["train"][1]).tolist() == [24, 12, 4]
    for data in (half, small):
        np.testing.assert_array_equal(data.parts["validation"][0], whole.parts["validation"][0])
    known = {example.tobytes() for example in whole.parts["train"][0]}
    assert {example.tobytes() for example in small.parts["train"][0]} < known
    with pytest.raises(DataError, match="80 training examples, and 81"):
        divided(train=81)


def test_every_class_gets_as_many_examples() -> None:
    dropped, repeated = divided(balance="drop"), divided(balance="repeat")
    assert np.bincount(dropped.parts["train"][1]).tolist() == [8, 8, 8]
    assert np.bincount(repeated.parts["train"][1]).tolist() == [48, 48, 48]
    assert np.bincount(repeated.parts["validation"][1]).tolist() == [12, 6, 2]
    rare = repeated.parts["train"][0][repeated.parts["train"][1] == 2]
    assert len(np.unique(rare, axis=0)) == 8
    assert np.bincount(divided(train=40, balance="drop").parts["train"][1]).tolist() == [4, 4, 4]


def test_there_must_be_classes_to_balance() -> None:
    with pytest.raises(DataError, match="no classes to balance"):
        divide(compile_graph(regression()), sums(), config(split={"balance": "drop"}))
