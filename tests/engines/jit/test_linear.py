"""Fully connected layers, at sizes that divide nothing, against float64."""

from __future__ import annotations

import pytest

from graphspec.engines.jit.explaining import explain
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare
from tests.engines.nets import network, node

CLASSES = {"label": {"classes": 3}}


def net(
    shape: tuple[int, ...],
    units: int,
    *,
    relu: bool,
    bias: bool,
    drop: float | None = None,
    inverted: bool = True,
) -> GraphSpec:
    last = "relu" if relu else "fc"
    dropout = {"kind": "dropout", "id": "drop", "inputs": [last], "inverted": inverted}
    layers = [
        {"kind": "scale", "id": "before", "factor": 0.5, "inputs": ["x"]},
        {"kind": "linear", "id": "fc", "units": units, "bias": bias, "inputs": ["before"]},
        *([{"kind": "relu", "id": "relu", "inputs": ["fc"]}] if relu else []),
        *([] if drop is None else [{**dropout, "drop": drop}]),
        {
            "kind": "linear",
            "id": "scores",
            "units": 3,
            "inputs": [last if drop is None else "drop"],
        },
        {"kind": "softmax_loss", "id": "loss", "inputs": ["scores", "label"]},
    ]
    inputs = {"x": {"shape": shape}, **CLASSES}
    return GraphSpec.model_validate({"inputs": inputs, "layers": layers, "outputs": ["scores"]})


@pytest.mark.parametrize(
    ("shape", "units", "size"),
    [((1,), 1, 1), ((17,), 9, 7), ((300,), 33, 5), ((3, 5, 4), 16, 6), ((64,), 128, 13)],
)
@pytest.mark.parametrize(("relu", "bias"), [(True, True), (False, True), (True, False)])
@pytest.mark.parametrize("threads", [1, 2])
def test_agrees_with_float64(
    shape: tuple[int, ...], units: int, size: int, relu: bool, bias: bool, threads: int
) -> None:
    spec = net(shape, units, relu=relu, bias=bias)
    for tapped in (True, False):
        compare(spec, size, tolerance=2e-6, threads=threads, tapped=tapped)


@pytest.mark.parametrize(("relu", "bias"), [(True, True), (False, False)])
@pytest.mark.parametrize("size", [1, 3])
def test_few_examples_stream_the_weights(size: int, relu: bool, bias: bool) -> None:
    spec = net((517,), 523, relu=relu, bias=bias)
    for threads in (1, 3):
        compare(spec, size, tolerance=2e-6, threads=threads, tapped=False)


@pytest.mark.parametrize(("shape", "size"), [((17,), 7), ((600,), 9), ((517,), 3)])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("drop", "inverted"), [(0.4, True), (0.4, False), (0.0, True)])
def test_a_dropout_behind_the_rectifier_is_part_of_it(
    shape: tuple[int, ...], size: int, bias: bool, drop: float, inverted: bool
) -> None:
    spec = net(shape, 523, relu=True, bias=bias, drop=drop, inverted=inverted)
    lines = explain(compile_graph(spec), batch=size, threads=2).lines
    assert {line.layers for line in lines if "drop" in line.layers} <= {
        ("fc", "relu", "drop"),
        ("drop",),
    }
    assert all(line.algorithm == "draw" for line in lines if line.layers == ("drop",))
    for threads, training in ((1, True), (3, True), (2, False)):
        compare(spec, size, tolerance=2e-6, threads=threads, training=training, tapped=False)


FUNCTIONS: list[tuple[list[tuple[str, dict[str, float]]], bool]] = [
    ([("tanh", {})], True),
    ([("elu", {"alpha": 0.6})], True),
    ([("scale", {"factor": -1.5})], True),
    ([("dropout", {"drop": 0.4})], True),
    ([("gelu", {})], False),  # its gradient needs what the product gave, which nobody stores
    ([("leaky_relu", {"slope": 0.2}), ("square", {})], False),
]


@pytest.mark.parametrize(("functions", "in_training"), FUNCTIONS)
@pytest.mark.parametrize(("width", "size"), [(19, 7), (700, 5), (517, 2)])
def test_functions_behind_it_are_part_of_it(
    functions: list[tuple[str, dict[str, float]]], in_training: bool, width: int, size: int
) -> None:
    layers = [node("linear", "fc", "x", units=523)]
    for i, (kind, fields) in enumerate(functions):
        layers.append(node(kind, f"f{i}", layers[-1]["id"], **fields))
    last = layers[-1]["id"]
    layers += [
        node("linear", "scores", last, units=3),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    spec = network(layers, ("scores",), x={"shape": [width]}, **CLASSES)
    together = ("fc", *(f"f{i}" for i in range(len(functions))))
    for training, fused in ((True, in_training), (False, True)):
        lines = explain(compile_graph(spec), batch=size, threads=2, training=training).lines
        if functions[0][0] != "dropout" or training:
            assert (together in {line.layers for line in lines}) == fused
        for threads in (1, 3):
            compare(spec, size, training=training, threads=threads, tapped=False, tolerance=2e-6)
