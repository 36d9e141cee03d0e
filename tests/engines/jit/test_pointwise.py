"""Functions one after another become one kernel, and one behind a sum is part of the sum's."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from graphspec.engines.jit.explaining import explain
from graphspec.engines.jit.kernels.elementwise import POINTWISE
from graphspec.engines.jit.lowering.pointwise import combination, forward_routine
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare
from tests.engines.nets import network, node

Function = tuple[str, dict[str, Any]]
CHAINS: list[list[Function]] = [
    [("scale", {"factor": 0.7}), ("add_constant", {"constant": 0.4})],
    [("tanh", {}), ("scale", {"factor": -1.5}), ("square", {})],
    [("elu", {"alpha": 0.6}), ("sigmoid", {}), ("leaky_relu", {"slope": 0.2}), ("gelu", {})],
    [("silu", {}), ("softplus", {}), ("log", {}), ("exp", {}), ("tanh", {}), ("selu", {})],
    [("gelu", {}), ("tanh", {})],
    [("gelu", {"approximate": "tanh"})],
    [("relu", {}), ("dropout", {"drop": 0.3})],
    [("dropout", {"drop": 0.3, "inverted": False}), ("relu", {}), ("dropout", {"drop": 0.6})],
    [
        ("tanh", {}),
        ("dropout", {"drop": 0.0}),
        ("dropout", {"drop": 0.2}),
        ("scale", {"factor": 3}),
    ],
    [("dropout", {"drop": 0.4}), ("scale", {"factor": 3})],
]


def chain(functions: list[Function], first: str = "fc") -> GraphSpec:
    """fc1 + fc2, or fc alone, and the functions, whose sum is the loss."""
    layers = [node("linear", "fc", "x", units=37), node("linear", "other", "x", units=37)]
    if first == "sum":
        layers.append(node("add", "sum", "fc", "other"))
    above = first
    for i, (kind, fields) in enumerate(functions):
        layers.append(node(kind, f"f{i}", above, **fields))
        above = f"f{i}"
    layers.append(node("multiply", "twice", above, above))
    layers.append(node("sum_loss", "loss", "twice"))
    return network(layers, (above,), x={"shape": [11]})


def rows(spec: GraphSpec, stage: str) -> list[tuple[str, ...]]:
    lines = explain(compile_graph(spec), batch=3, threads=1).lines
    return [line.layers for line in lines if line.stage == stage]


@pytest.mark.parametrize("functions", CHAINS, ids=lambda chain: "-".join(kind for kind, _ in chain))
@pytest.mark.parametrize("training", [True, False])
def test_a_chain_agrees_with_float64(functions: list[Function], training: bool) -> None:
    compare(chain(functions), 7, training=training, tapped=False, threads=2, tolerance=2e-6)


def test_no_chain_has_the_name_of_another() -> None:
    chains = [(), *((kind,) for kind in POINTWISE), *product(POINTWISE, repeat=2)]
    names = {forward_routine(*kinds).name for kinds in chains if kinds}
    names |= {combination("add", *kinds).name for kinds in chains}
    assert len(names) == 2 * len(chains) - 1


def test_up_to_four_functions_are_one_row_each_way() -> None:
    spec = chain(CHAINS[3])
    for stage in ("forward", "backward"):
        assert ("f0", "f1", "f2", "f3") in rows(spec, stage)
        assert ("f4", "f5") in rows(spec, stage)


@pytest.mark.parametrize(
    ("kind", "fields", "fuses"),
    [
        ("tanh", {}, True),
        ("elu", {"alpha": 0.6}, True),
        ("scale", {"factor": -2.0}, True),
        ("relu", {}, True),
        ("dropout", {"drop": 0.4}, True),
        ("gelu", {}, False),  # its gradient needs the sum, which would have to be stored
    ],
)
def test_what_needs_its_output_alone_is_part_of_the_sum_before_it(
    kind: str, fields: dict[str, Any], fuses: bool
) -> None:
    spec = chain([(kind, fields)], "sum")
    assert (("sum", "f0") in rows(spec, "forward")) == fuses
    compare(spec, 7, tapped=False, threads=2, tolerance=2e-6)


def test_a_rectifier_and_a_dropout_are_part_of_the_sum_before_them() -> None:
    spec = chain([("relu", {}), ("dropout", {"drop": 0.4})], "sum")
    for stage in ("forward", "backward"):
        assert ("sum", "f0", "f1") in rows(spec, stage)
    compare(spec, 7, tapped=False, threads=2, tolerance=2e-6)


@pytest.mark.parametrize("functions", [[], [("relu", {})], [("dropout", {"drop": 0.7})]])
def test_dropout_is_no_row_where_it_does_nothing(functions: list[Function]) -> None:
    spec = chain([*functions, ("dropout", {"drop": 0.4})])
    bare = chain(functions[:1] if functions and functions[0][0] == "relu" else [])
    lines = [
        [
            line.operation
            for line in explain(compile_graph(of), batch=3, threads=1, training=False).lines
        ]
        for of in (spec, bare)
    ]
    assert lines[0] == lines[1]


def test_images_are_dropped_as_numpy_drops_them() -> None:
    layers = [
        node("conv2d", "conv", "x", filters=5, kernel=3),
        node("square", "square", "conv"),
        node("dropout", "drop", "square", drop=0.5),
        node("tanh", "tanh", "drop"),
        node("sum_loss", "loss", "tanh"),
    ]
    spec = network(layers, ("drop",), x={"shape": [3, 7, 6]})
    for threads, tapped in ((1, False), (3, True)):
        compare(spec, 2, threads=threads, tapped=tapped, tolerance=2e-6)
    hidden = network(layers, ("tanh",), x={"shape": [3, 7, 6]})
    assert ("square", "drop", "tanh") in rows(hidden, "forward")
