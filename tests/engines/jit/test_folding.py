"""Batch normalisation behind a convolution is folded into it where only values are asked for."""

from __future__ import annotations

import numpy as np
import pytest

from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.explaining import explain
from graphspec.engines.numpy import NumpyEngine
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare, error
from tests.engines.nets import batch, network, node


def net(bias: bool, filters: int):  # type: ignore[no-untyped-def]
    return network(
        [
            node("conv2d", "conv", "x", filters=filters, kernel=3, pad=1, bias=bias),
            node("batch_norm", "norm", "conv"),
            node("relu", "relu", "norm"),
            node("max_pool2d", "pool", "relu", kernel=2),
            node("flatten", "flat", "pool"),
            node("linear", "fc", "flat", units=3),
            node("softmax_loss", "loss", "fc", "label"),
        ],
        ("fc", "pool"),
        x={"shape": [16, 8, 8]},
        label={"classes": 3},
    )


@pytest.mark.parametrize("filters", [16, 5])
@pytest.mark.parametrize("bias", [True, False])
def test_values_agree_with_float64_and_follow_the_weights(bias: bool, filters: int) -> None:
    spec = net(bias, filters)
    plan, rng = compile_graph(spec), np.random.default_rng(0)
    ours = JitEngine(threads=2, accuracy="accurate", guarded=True).load(plan, seed=0)
    for _ in range(2):
        state = ours.state()
        arrays = {
            name: np.abs(array + rng.standard_normal(array.shape) / 3).astype(np.float32) + 0.1
            if name.startswith("norm")
            else array
            for name, array in state.arrays.items()
        }
        ours.restore(type(state)(arrays, state.generators))
        theirs = NumpyEngine("float64").load(plan, seed=0, weights=arrays)
        feeds = batch(spec, 3, dtype="float32")
        a, b = ours.run(feeds).values, theirs.run(feeds).values
        for name in b:
            assert error(a[name], b[name]) < 2e-6
    compare(spec, 3, training=False, threads=2, tapped=False, accuracy="accurate", tolerance=2e-5)


def test_the_four_layers_become_one_row() -> None:
    plan = compile_graph(net(True, 16))
    lines = explain(plan, batch=2, threads=1, training=False).lines
    assert any(line.layers == ("conv", "norm", "relu", "pool") for line in lines)
    assert not any("batch_norm" in line.operation for line in lines if line.stage == "forward")
