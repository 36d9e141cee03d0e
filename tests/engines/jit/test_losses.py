"""Softmax and hinge losses at sizes around the width of a vector, against float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.engines.jit.engine import JitEngine
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare
from tests.engines.nets import network, node


def net(classes: int, loss: dict[str, Any]) -> GraphSpec:
    inputs = {"x": {"shape": [classes]}, "label": {"classes": classes}}
    layers = [
        {"kind": "scale", "id": "scores", "factor": 3.0, "inputs": ["x"]},
        {"id": "loss", "inputs": ["scores", "label"], **loss},
    ]
    return GraphSpec.model_validate({"inputs": inputs, "layers": layers, "outputs": ["scores"]})


def feeds(classes: int, size: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(classes)
    x = rng.standard_normal((size, classes)).astype(np.float32)
    return {"x": x, "label": rng.integers(classes, size=size)}


LOSSES = [
    {"kind": "softmax_loss"},
    {"kind": "softmax_loss", "smoothing": 0.1},
    {"kind": "hinge_loss"},
    {"kind": "hinge_loss", "squared": True, "margin": 0.5},
    {"kind": "hinge_loss", "one_vs_all": True},
    {"kind": "hinge_loss", "one_vs_all": True, "squared": True},
]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
@pytest.mark.parametrize("classes", [2, 7, 8, 17, 40])
def test_agrees_with_float64(loss: dict[str, Any], classes: int) -> None:
    for size in (1, 16, 37):
        compare(net(classes, loss), feeds=feeds(classes, size), threads=2)


@pytest.mark.parametrize("weighted", [False, True])
def test_takes_class_probabilities(weighted: bool) -> None:
    loss: dict[str, Any] = {"kind": "softmax_loss", "smoothing": 0.05}
    if weighted:
        loss["class_weights"] = [0.5 + i / 10 for i in range(11)]
    given = feeds(11, 9)
    shares = np.random.default_rng(0).random((9, 11))
    given["label"] = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    compare(net(11, loss), feeds=given)


def test_a_distance_of_nothing_has_no_slope() -> None:
    layers = [node("scale", "f", "x", factor=0.5), node("l1_loss", "loss", "f", "target")]
    spec = network(layers, ("f",), x={"shape": [19]}, target={"shape": [19]})
    numbers = np.random.default_rng(0).integers(-2, 3, (2, 7, 19)).astype(np.float32)
    given = {"x": 2 * numbers[0], "target": numbers[1]}
    assert (numbers[0] == numbers[1]).any()
    compare(spec, feeds=given)


def test_large_scores_do_not_overflow() -> None:
    given = feeds(10, 6)
    given["x"] *= 1000
    compare(net(10, {"kind": "softmax_loss"}), feeds=given)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_a_score_that_is_no_number_shows_in_the_loss(loss: dict[str, Any]) -> None:
    given = feeds(10, 3)
    given["x"][1, 7] = np.nan
    engine = JitEngine().load(compile_graph(net(10, loss)), seed=0)
    assert np.isnan(engine.grad(given).loss)
