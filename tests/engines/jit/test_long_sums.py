"""Sums of many equal numbers, such as the gradients behind a global average: no digits are lost."""

from __future__ import annotations

from typing import Any

import pytest

from graphspec.engines.jit.engine import JitEngine
from graphspec.plan import compile_graph
from tests.engines.jit.matched import everything, in_float64
from tests.engines.jit.oracle import error
from tests.engines.nets import batch, network, node


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("channels", "kind", "fields"),
    [
        (3, "conv2d", {"filters": 8, "kernel": 3, "pad": 1}),
        (16, "conv2d", {"filters": 16, "kernel": 3, "pad": 1}),
        (5, "conv2d", {"filters": 5, "kernel": 3, "pad": 1, "groups": 5}),
        (8, "conv2d", {"filters": 8, "kernel": 1}),
        (8, "batch_norm", {}),
        (8, "group_norm", {"groups": 2}),
        (8, "prelu", {}),
    ],
)
def test_twenty_thousand_pixels(
    channels: int, kind: str, fields: dict[str, Any], threads: int
) -> None:
    layers = [
        node("add_constant", "far", "x", constant=-0.5),
        node(kind, "it", "far", **fields),
        node("relu", "relu", "it"),
        node("global_avg_pool2d", "mean", "relu"),
        node("linear", "scores", "mean", units=4),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    spec = network(layers, ("scores",), x={"shape": [channels, 52, 54]}, label={"classes": 4})
    plan, feeds = compile_graph(spec), batch(spec, 7, dtype="float32")
    taps = everything(plan)
    ours = JitEngine(threads=threads, accuracy="accurate").load(plan, seed=1)
    got = ours.grad(feeds, training=True, taps=taps)
    alone = in_float64(plan, ours.weights(), feeds, got, alone=True)
    expected = alone.grad(feeds, training=True, taps=taps)
    for name, array in expected.by_name.items():
        assert error(got.by_name[name], array) <= 2e-6, name
    for tap, array in expected.taps.items():
        assert error(got.taps[tap], array) <= 2e-6, tap
