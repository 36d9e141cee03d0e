"""Which examples are trained on: parts of the training split, and classes of equal size."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from graphspec.data.dataset import Dataset
from graphspec.document import loads
from graphspec.engines.numpy import NumpyEngine
from graphspec.errors import DataError
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from graphspec.train.feeding import TrainingData, divide
from graphspec.train.trainer import train
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


def attributes(loss: str) -> GraphSpec:
    """Two yes-or-no answers to a point."""
    layers = [
        {"id": "scores", "kind": "linear", "units": 2},
        {"id": "loss", "kind": loss, "inputs": ["scores", "has"]},
    ]
    inputs = {"x": {"shape": [2]}, "has": {"shape": [2], "classes": 2}}
    fields = {"inputs": inputs, "layers": layers, "outputs": ["scores"]}
    return loads(json.dumps({"format": "graphspec/1", "name": "attributes", **fields}))


def sides(values: Any = None) -> Dataset:
    """Points with, for both coordinates, whether they are above zero."""
    x = np.random.default_rng(0).normal(size=(90, 2))
    y = (x > 0).astype(np.float32) if values is None else np.full((90, 2), values, np.float32)
    return Dataset("sides", x, y)


@pytest.mark.parametrize("loss", ["logistic_loss", "attribute_hinge_loss"])
def test_attributes_are_learnt_from_targets_of_zeros_and_ones(loss: str) -> None:
    data = sides()
    settings = config(epochs=60)
    plan = compile_graph(attributes(loss))
    executable = NumpyEngine(settings.dtype).load(plan, seed=0)
    list(train(executable, divide(plan, data, settings), settings))
    scores = executable.run({"x": data.x.astype(np.float32)}).values["scores"]
    assert ((scores > 0) == (data.y > 0)).mean() > 0.9


@pytest.mark.parametrize(("value", "shown"), [(0.5, "0.5"), (2, "2"), (-1, "-1")])
def test_attributes_are_whole_numbers_below_the_classes(value: float, shown: str) -> None:
    with pytest.raises(DataError, match=f"from 0 to 1, and .* have {shown} among them"):
        divide(compile_graph(attributes("logistic_loss")), sides(value), config())


def test_attributes_are_as_many_as_the_input_has() -> None:
    data = replace(sides(), y=np.zeros((90, 3), np.float32))
    with pytest.raises(DataError, match=r"labels of shape \[2\], and 'sides' has .* \[3\]"):
        divide(compile_graph(attributes("logistic_loss")), data, config())
