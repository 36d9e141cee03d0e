"""Norms of an example's own values, at sizes that divide nothing, against float64."""

from __future__ import annotations

from typing import Any

import pytest

from graphspec.engines.jit.explaining import explain
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare
from tests.engines.nets import network, node


def net(shape: tuple[int, ...], kind: str, **fields: Any) -> GraphSpec:
    layers = [
        node("scale", "before", "x", factor=0.75),
        node(kind, "it", "before", **fields),
        # Without the constant the loss would be a sum of numbers that cancel out.
        node("add_constant", "after", "it", constant=0.7),
        node("square", "square", "after"),
        node("multiply", "cube", "square", "after"),
        node("sum_loss", "loss", "cube"),
    ]
    return network(layers, ("it",), x={"shape": list(shape)})


CASES: list[tuple[tuple[int, ...], str, dict[str, Any]]] = [
    ((13, 7, 5), "layer_norm", {}),
    ((1, 7, 5), "layer_norm", {}),
    ((40, 1, 1), "layer_norm", {}),
    ((5, 37), "layer_norm", {"axis": 1}),
    ((12, 5, 7), "group_norm", {"groups": 3}),
    ((38, 3, 3), "group_norm", {"groups": 2}),
    ((70, 2, 3), "group_norm", {"groups": 70}),
    ((64, 4, 4), "group_norm", {"groups": 1}),
    ((21,), "group_norm", {"groups": 7}),
    ((19, 4, 3), "instance_norm", {}),
    ((6, 11), "instance_norm", {}),
]


@pytest.mark.parametrize(("shape", "kind", "fields"), CASES)
@pytest.mark.parametrize("size", [1, 5])
def test_a_norm_agrees_with_float64(
    shape: tuple[int, ...], kind: str, fields: dict[str, Any], size: int
) -> None:
    for threads, tapped in ((1, True), (2, False), (3, False)):
        compare(net(shape, kind, **fields), size, threads=threads, tapped=tapped, tolerance=2e-6)


def test_a_far_mean_costs_no_digits() -> None:
    layers = [
        node("add_constant", "far", "x", constant=300.0),
        node("group_norm", "it", "far", groups=4),
        node("add_constant", "after", "it", constant=0.7),
        node("square", "square", "after"),
        node("multiply", "cube", "square", "after"),
        node("sum_loss", "loss", "cube"),
    ]
    spec = network(layers, ("it",), x={"shape": [24, 9, 9]})
    compare(spec, 3, threads=2, tolerance=2e-4)


@pytest.mark.parametrize(("shape", "kind", "fields"), CASES[:-1])
def test_none_of_it_goes_through_numpy(
    shape: tuple[int, ...], kind: str, fields: dict[str, Any]
) -> None:
    plan = compile_graph(net(shape, kind, **fields))
    lines = explain(plan, batch=3, threads=1).lines
    assert not [line.layers for line in lines if line.operation == "python"]
