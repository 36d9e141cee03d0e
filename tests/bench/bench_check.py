"""Checking and compiling large graphs: milliseconds, and whether the time grows in line."""

from __future__ import annotations

from typing import Any

from graphspec.check import analyse, find_problems
from graphspec.graph import GraphSpec
from graphspec.layers.catalog import BY_KIND
from graphspec.layers.input import Input
from graphspec.plan import compile_graph
from tests.bench.timing import report, typical_ms


def residual(count: int) -> GraphSpec:
    """Convolutions in a chain, every second one bridged by an add."""
    layers = []
    above = "image"
    for i in range(count - 3):
        name = f"block{i // 4}.layer{i % 4}"
        fields: dict[str, Any] = {"kind": "relu", "inputs": (above,)}
        if i % 4 in (0, 2):
            fields = {"kind": "conv2d", "filters": 8, "kernel": 3, "pad": 1, "inputs": (above,)}
        elif i % 4 == 3:
            fields = {"kind": "add", "inputs": (above, f"block{i // 4}.layer1")}
        layers.append(BY_KIND[fields["kind"]].model_validate({"id": name, **fields}))
        above = name
    for kind, name, inputs, fields in (
        ("global_avg_pool2d", "pool", (above,), {}),
        ("linear", "scores", ("pool",), {"units": 10}),
        ("softmax_loss", "loss", ("scores", "label"), {}),
    ):
        layers.append(BY_KIND[kind].model_validate({"id": name, "inputs": inputs, **fields}))
    inputs_ = (Input(id="image", shape=(8, 32, 32)), Input(id="label", classes=10))
    return GraphSpec(inputs=inputs_, layers=tuple(layers), outputs=("scores",))


def test_checking_and_compiling() -> None:
    thousand, ten_thousand = residual(1_000), residual(10_000)
    for call in (analyse, find_problems, compile_graph):
        small = typical_ms(lambda call=call: call(thousand))
        large = typical_ms(lambda call=call: call(ten_thousand))
        report(
            f"{call.__name__} of 1,000 layers",
            f"{small:.1f} ms",
            f"ten times as many take {large / small:.1f} times as long",
        )
