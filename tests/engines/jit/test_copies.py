"""Images cropped, padded, repeated and stamped; quotients; the larger of two. Against float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.explaining import explain
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare
from tests.engines.jit.test_channelwise import Shape, net
from tests.engines.nets import batch, network, node

CASES: list[tuple[Shape, str, dict[str, Any]]] = [
    ((1, 5, 7), "crop2d", {"crop": (0, 1, 2, 3)}),
    ((19, 9, 3), "crop2d", {"crop": (4, 0)}),
    ((1, 5, 7), "pad2d", {"pad": (0, 1, 2, 3), "value": -0.5}),
    ((21, 1, 2), "pad2d", {"pad": (3, 2)}),
    ((8, 4, 4), "pad2d", {"pad": 1, "value": 2.0}),
    ((11, 3, 5), "upsample2d", {}),
    ((1, 1, 4), "upsample2d", {"factor": (3, 1)}),
    ((16, 5, 2), "upsample2d", {"factor": (1, 4)}),
    ((17, 5, 7), "conv_transpose2d", {"filters": 9, "kernel": 4, "stride": 2, "pad": 1}),
    ((3, 4, 3), "conv_transpose2d", {"filters": 21, "kernel": (2, 5), "stride": 3, "extra": 2}),
    ((9, 6, 5), "conv_transpose2d", {"filters": 1, "kernel": 3, "dilation": 2, "bias": False}),
    ((5, 1, 1), "conv_transpose2d", {"filters": 16, "kernel": 1, "stride": (3, 2)}),
]


@pytest.mark.parametrize(("shape", "kind", "fields"), CASES)
@pytest.mark.parametrize("size", [1, 6])
def test_a_layer_agrees_with_float64(
    shape: Shape, kind: str, fields: dict[str, Any], size: int
) -> None:
    for threads, tapped in ((1, True), (2, False), (3, False)):
        compare(net(shape, kind, **fields), size, threads=threads, tapped=tapped)


@pytest.mark.parametrize(("shape", "kind", "fields"), CASES)
def test_none_of_it_goes_through_numpy(shape: Shape, kind: str, fields: dict[str, Any]) -> None:
    lines = explain(compile_graph(net(shape, kind, **fields)), batch=3, threads=1).lines
    assert not [line.layers for line in lines if line.operation == "python"]


@pytest.mark.parametrize("kind", ["maximum", "divide"])
def test_two_of_equal_shape_agree_with_float64(kind: str) -> None:
    layers = [
        node("scale", "a", "x", factor=2.0),
        node("add_constant", "b", "z", constant=0.0),
        node(kind, "it", "a", "b"),
        node("square", "bent", "it"),
        node("sum_loss", "loss", "bent"),
    ]
    spec = network(layers, ("it",), x={"shape": [3, 5, 7]}, z={"shape": [3, 5, 7]})
    feeds = batch(spec, 5, dtype="float32")
    if kind == "maximum":
        # Of few values many are equal: the first has all of the gradient.
        feeds = {name: np.round(array) for name, array in feeds.items()}
    else:
        feeds["z"] = np.abs(feeds["z"]) + np.float32(0.5)
    for threads, tapped in ((1, True), (3, False)):
        compare(spec, feeds=feeds, threads=threads, tapped=tapped)
    lines = explain(compile_graph(spec), batch=3, threads=1).lines
    assert not [line.layers for line in lines if line.operation == "python"]


@pytest.mark.parametrize("wrong", [0, 1])
def test_the_larger_of_a_number_and_none_is_none(wrong: int) -> None:
    spec = network([node("maximum", "it", "x", "z")], ("it",), x={"shape": [9]}, z={"shape": [9]})
    feeds = [np.zeros((1, 9), np.float32), np.ones((1, 9), np.float32)]
    feeds[wrong][0, 4] = np.nan
    executable = JitEngine().load(compile_graph(spec), seed=0)
    found = executable.run(dict(zip("xz", feeds, strict=True))).values["it"]
    assert np.flatnonzero(np.isnan(found)).tolist() == [4]
