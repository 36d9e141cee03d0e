"""Learned slopes, response norms, regressions and reshaping at sizes that divide nothing."""

from __future__ import annotations

from typing import Any

import pytest

from graphspec.engines.jit.explaining import explain
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare
from tests.engines.nets import network, node

Shape = tuple[int, ...]


def net(given: Shape, kind: str, **fields: Any) -> GraphSpec:
    layers = [
        node("tanh", "before", "x"),
        node(kind, "it", "before", **fields),
        node("add_constant", "after", "it", constant=0.7),
        node("square", "square", "after"),
        node("multiply", "cube", "square", "after"),
        node("sum_loss", "loss", "cube"),
    ]
    return network(layers, ("it",), x={"shape": list(given)})


CASES: list[tuple[Shape, str, dict[str, Any]]] = [
    ((37,), "prelu", {}),
    ((37,), "prelu", {"shared": True}),
    ((13, 5, 7), "prelu", {"slope": -0.3}),
    ((40, 33, 17), "prelu", {"shared": True}),
    ((33,), "local_response_norm", {"alpha": 0.3}),
    ((1, 4, 3), "local_response_norm", {"alpha": 0.3}),
    ((21, 9, 8), "local_response_norm", {"alpha": 0.3, "k": 1.0, "beta": 0.5}),
    ((9, 3, 3), "local_response_norm", {"size": 2_000_001, "alpha": 0.2}),
    ((40, 2, 3), "local_response_norm", {"size": 1, "alpha": 0.2}),
    ((24,), "reshape", {"shape": (2, 3, 4)}),
    ((2, 3, 4), "reshape", {"shape": (3, 8)}),
    ((6, 5, 4), "reshape", {"shape": (4, 5, 6)}),
    ((6, 5, 4), "reshape", {"shape": (1, 30, 4)}),
    ((30, 1, 1), "reshape", {"shape": (5, 2, 3)}),
    ((1, 7, 3), "reshape", {"shape": (21, 1, 1)}),
    ((17,), "append_one", {}),
    ((3, 5, 4), "append_one", {}),
    ((1, 5, 4), "append_one", {}),
    ((5, 4), "append_one", {}),
]


@pytest.mark.parametrize(("shape", "kind", "fields"), CASES)
@pytest.mark.parametrize("size", [1, 6])
def test_a_layer_agrees_with_float64(
    shape: Shape, kind: str, fields: dict[str, Any], size: int
) -> None:
    for threads, tapped in ((1, True), (2, False), (3, False)):
        compare(net(shape, kind, **fields), size, threads=threads, tapped=tapped, tolerance=2e-6)


@pytest.mark.parametrize("kind", ["l1_loss", "l2_loss"])
@pytest.mark.parametrize("shape", [(1,), (37,), (3, 5, 7)])
@pytest.mark.parametrize("computed", [True, False])
def test_a_regression_agrees_with_float64(kind: str, shape: Shape, computed: bool) -> None:
    target = node("tanh", "target", "t") if computed else None
    layers = [
        node("square", "f", "x"),
        *([target] if target else []),
        node(kind, "loss", "f", "target" if target else "t"),
    ]
    spec = network(layers, ("f",), x={"shape": list(shape)}, t={"shape": list(shape)})
    for size, threads, tapped in ((1, 1, False), (5, 2, False), (5, 3, True)):
        compare(spec, size, threads=threads, tapped=tapped, tolerance=2e-6)


def test_the_gradient_of_data_is_not_made() -> None:
    layers = [node("linear", "f", "x", units=4), node("l2_loss", "loss", "f", "t")]
    spec = network(layers, ("f",), x={"shape": [3]}, t={"shape": [4]})
    made = [line.operation for line in explain(compile_graph(spec), batch=2, threads=1).lines]
    assert "l2_loss_back" in made
    assert "l2_loss_back_both" not in made


@pytest.mark.parametrize(("shape", "kind", "fields"), CASES)
def test_none_of_it_goes_through_numpy(shape: Shape, kind: str, fields: dict[str, Any]) -> None:
    lines = explain(compile_graph(net(shape, kind, **fields)), batch=3, threads=1).lines
    assert not [line.layers for line in lines if line.operation == "python"]
