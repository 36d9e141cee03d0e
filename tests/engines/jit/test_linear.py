"""Fully connected layers, at sizes that divide nothing, against float64."""

from __future__ import annotations

import pytest

from graphspec.graph import GraphSpec
from tests.engines.jit.oracle import compare

CLASSES = {"label": {"classes": 3}}


def net(shape: tuple[int, ...], units: int, *, relu: bool, bias: bool) -> GraphSpec:
    layers = [
        {"kind": "scale", "id": "before", "factor": 0.5, "inputs": ["x"]},
        {"kind": "linear", "id": "fc", "units": units, "bias": bias, "inputs": ["before"]},
        *([{"kind": "relu", "id": "relu", "inputs": ["fc"]}] if relu else []),
        {"kind": "linear", "id": "scores", "units": 3, "inputs": ["relu" if relu else "fc"]},
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
