"""Functions behind a convolution are computed in its kernel, whichever algorithm it takes."""

from __future__ import annotations

from typing import Any

import pytest

from graphspec.engines.jit.explaining import explain
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare
from tests.engines.nets import network, node

CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "Winograd F(4×4)": {"shape": (17, 10, 12), "filters": 19, "kernel": 3, "pad": 1},
    "direct": {"shape": (5, 9, 9), "filters": 11, "kernel": (2, 3), "stride": 2},
    "depthwise": {"shape": (11, 6, 5), "filters": 11, "groups": 11, "kernel": 3, "pad": 1},
    "matrix product": {"shape": (130, 3, 2), "filters": 133, "kernel": 3, "pad": 1},
}
FUNCTIONS: list[tuple[list[tuple[str, dict[str, float]]], bool]] = [
    ([("tanh", {})], True),
    ([("leaky_relu", {"slope": 0.2})], True),
    ([("elu", {"alpha": 0.6})], True),
    ([("dropout", {"drop": 0.4})], True),
    ([("add_constant", {"constant": 0.5})], True),
    ([("relu", {}), ("dropout", {"drop": 0.3})], True),
    ([("silu", {})], False),  # its gradient needs what the convolution gave, which nobody stores
    ([("sigmoid", {}), ("square", {})], False),
]


def net(
    shape: tuple[int, ...],
    functions: list[tuple[str, dict[str, float]]],
    *behind: dict[str, Any],
    norm: bool = False,
    **fields: Any,
) -> GraphSpec:
    """x/2 → conv → (batch norm) → the functions → what is ``behind`` → scores → loss."""
    layers = [
        node("scale", "before", "x", factor=0.5),
        node("conv2d", "conv", "before", rounding="floor", **fields),
        *([node("batch_norm", "norm", "conv")] if norm else []),
    ]
    for number, (kind, own) in enumerate(functions):
        layers.append(node(kind, f"f{number}", layers[-1]["id"], **own))
    for layer in behind:
        layers.append({**layer, "inputs": [layers[-1]["id"]]})
    layers += [
        node("linear", "scores", layers[-1]["id"], units=3),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    return network(layers, ("scores",), x={"shape": shape}, label={"classes": 3})


def fused(spec: GraphSpec, size: int, **options: Any) -> tuple[str, ...]:
    """The layers in the row of the convolution."""
    lines = explain(compile_graph(spec), batch=size, threads=2, **options).lines
    return next(line.layers for line in lines if "conv" in line.layers)


@pytest.mark.parametrize(
    ("algorithm", "functions", "whole"),
    # One of each sort is enough but for the first.
    [
        (algorithm, *functions)
        for number, algorithm in enumerate(CONVOLUTIONS)
        for functions in FUNCTIONS[:: 1 if number == 0 else 3]
    ],
)
def test_functions_are_in_the_convolutions_kernel(
    algorithm: str, functions: list[tuple[str, dict[str, float]]], whole: bool
) -> None:
    spec = net(functions=functions, **CONVOLUTIONS[algorithm])
    lines = explain(compile_graph(spec), batch=6, threads=2).lines
    assert algorithm in {line.algorithm for line in lines if "conv" in line.layers}
    names = tuple(f"f{i}" for i in range(len(functions) if whole else len(functions) - 1))
    assert fused(spec, 6) == ("conv", *names)
    for threads in (1, 3):
        compare(spec, 6, tolerance=2e-5, threads=threads, tapped=False)
    compare(spec, 6, tolerance=2e-5, threads=2, training=False, tapped=False)


@pytest.mark.parametrize("algorithm", CONVOLUTIONS)
def test_where_no_gradient_is_asked_for_every_function_is(algorithm: str) -> None:
    functions = [("silu", {}), ("dropout", {"drop": 0.4}), ("hardswish", {})]
    spec = net(functions=functions, norm=True, **CONVOLUTIONS[algorithm])
    assert fused(spec, 6, training=False) == ("conv", "norm", "f0", "f1", "f2")
    compare(spec, 6, tolerance=2e-5, threads=2, training=False, tapped=False)


@pytest.mark.parametrize("functions", [[], [("relu", {})], [("tanh", {})]])
@pytest.mark.parametrize("algorithm", list(CONVOLUTIONS)[:2])
def test_pooling_is_only_behind_a_rectifier_or_none(
    algorithm: str, functions: list[tuple[str, dict[str, float]]]
) -> None:
    pool = {"id": "pool", "kind": "max_pool2d", "kernel": 2}
    fields = dict(CONVOLUTIONS[algorithm])
    spec = net(fields.pop("shape"), functions, pool, **fields)
    names = tuple(f"f{i}" for i in range(len(functions)))
    pools = functions != [("tanh", {})]
    assert fused(spec, 6) == ("conv", *names, *(["pool"] if pools else []))
    compare(spec, 6, tolerance=2e-5, threads=2, tapped=False)


@pytest.mark.parametrize(
    ("functions", "joins"),
    [([("relu", {})], True), ([("tanh", {})], False), ([("dropout", {"drop": 0.4})], False)],
)
@pytest.mark.parametrize("algorithm", CONVOLUTIONS)
def test_beside_others_in_a_concatenation(
    algorithm: str, functions: list[tuple[str, dict[str, float]]], joins: bool
) -> None:
    fields = dict(CONVOLUTIONS[algorithm])
    shape = fields.pop("shape")
    layers = [node("scale", "before", "x", factor=0.5)]
    for part in "ab":
        layers.append(node("conv2d", f"conv_{part}", "before", rounding="floor", **fields))
        for kind, own in functions:
            layers.append(node(kind, f"f_{part}", layers[-1]["id"], **own))
    layers += [
        node("concat", "both", "f_a", "f_b"),
        node("linear", "scores", "both", units=3),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    spec = network(layers, ("scores",), x={"shape": shape}, label={"classes": 3})
    lines = explain(compile_graph(spec), batch=6, threads=2).lines
    copied = any(line.layers == ("both",) and line.stage == "forward" for line in lines)
    assert copied != joins
    compare(spec, 6, tolerance=2e-5, threads=2, tapped=False)
    compare(spec, 6, tolerance=2e-5, threads=2, training=False, tapped=False)
