"""Batch normalisation and the functions behind it are one row each way, against float64."""

from __future__ import annotations

from typing import Any

import pytest

from graphspec.engines.jit.explaining import explain
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare
from tests.engines.nets import network, node

Function = tuple[str, dict[str, Any]]
FUNCTIONS: list[list[Function]] = [
    [("tanh", {})],
    [("leaky_relu", {"slope": 0.3})],
    [("gelu", {})],
    [("silu", {}), ("scale", {"factor": -1.5}), ("softplus", {})],
]


def net(shape: tuple[int, ...], behind: list[Function]) -> GraphSpec:
    """x·0.75 → batch norm → what is ``behind`` → scores → loss."""
    layers = [node("scale", "before", "x", factor=0.75), node("batch_norm", "norm", "before")]
    for number, (kind, fields) in enumerate(behind):
        layers.append(node(kind, f"f{number}", layers[-1]["id"], **fields))
    layers += [
        node("linear", "scores", layers[-1]["id"], units=3),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    return network(layers, ("scores",), x={"shape": list(shape)}, label={"classes": 3})


def fused(spec: GraphSpec, **options: Any) -> tuple[str, ...]:
    """The layers in the rows of the normalisation."""
    lines = explain(compile_graph(spec), batch=7, threads=2, **options).lines
    (layers,) = {line.layers for line in lines if "norm" in line.layers}
    return layers


@pytest.mark.parametrize("shape", [(19,), (33, 2, 7)])
@pytest.mark.parametrize("functions", FUNCTIONS)
@pytest.mark.parametrize("training", [True, False])
def test_functions_are_made_again_from_x(
    shape: tuple[int, ...], functions: list[Function], training: bool
) -> None:
    spec = net(shape, functions)
    names = tuple(f"f{number}" for number in range(len(functions)))
    assert fused(spec, training=training) == ("norm", *names)
    for threads, tapped in ((1, False), (3, False), (2, True)):
        compare(spec, 7, threads=threads, tapped=tapped, training=training, tolerance=5e-6)


@pytest.mark.parametrize("training", [True, False])
def test_a_dropout_that_drops_is_a_row_of_its_own(training: bool) -> None:
    spec = net((6, 5, 3), [("relu", {}), ("dropout", {"drop": 0.4}), ("tanh", {})])
    assert fused(spec, training=training) == ("norm", "f0", *(() if training else ("f1", "f2")))
    compare(spec, 7, threads=2, tapped=False, training=training, tolerance=5e-6)


@pytest.mark.parametrize("functions", [[], [("relu", {})], [("tanh", {})]])
@pytest.mark.parametrize("training", [True, False])
def test_pooling_is_only_behind_a_rectifier_or_none(
    functions: list[Function], training: bool
) -> None:
    spec = net((11, 6, 4), [*functions, ("max_pool2d", {"kernel": 2})])
    pools = functions != [("tanh", {})]
    names = tuple(f"f{number}" for number in range(len(functions) + pools))
    assert fused(spec, training=training) == ("norm", *names)
    compare(spec, 7, threads=2, tapped=False, training=training, tolerance=5e-6)
