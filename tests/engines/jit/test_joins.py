"""Convolutions write straight into the concatenation that alone reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphspec.engines.base import Tap
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.explaining import explain
from graphspec.engines.jit.lowering.catalog import catalog
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare
from tests.engines.nets import batch, network, node

COPYING = {
    kind: replace(lowering, apart=lambda chain, call: False) for kind, lowering in catalog().items()
}
Branch = tuple[str, dict[str, Any]]


def inception(shape: tuple[int, int, int], branches: list[Branch], *, relu: bool) -> GraphSpec:
    """Branches of an image, joined, read by a last convolution and by a mean."""
    layers = []
    for i, (kind, fields) in enumerate(branches):
        layers.append(node(kind, f"b{i}", "x", **fields))
        if relu and kind == "conv2d":
            layers.append(node("relu", f"r{i}", f"b{i}"))
    ends = [layer["id"] for layer in layers if not relu or layer["kind"] != "conv2d"]
    layers += [
        node("concat", "join", *ends),
        node("conv2d", "after", "join", filters=3, kernel=1),
        node("tanh", "bent", "after"),
        node("global_avg_pool2d", "mean", "join"),
        node("square", "square", "mean"),
        node("sum_loss", "loss", "bent"),
        node("sum_loss", "other", "square"),
    ]
    return network(layers, ("bent",), x={"shape": list(shape)})


def conv(filters: int, kernel: int, **fields: Any) -> Branch:
    return "conv2d", {"filters": filters, "kernel": kernel, "pad": "same", **fields}


MIXED = [conv(7, 1), conv(21, 3), ("max_pool2d", {"kernel": 3, "stride": 1, "pad": 1}), conv(5, 5)]


def copies(spec: GraphSpec, *, training: bool) -> int:
    lines = explain(compile_graph(spec), batch=3, threads=1, training=training).lines
    return sum(line.operation.startswith("copy") for line in lines)


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 4])
def test_branches_agree_with_float64(relu: bool, threads: int, size: int) -> None:
    for branches in (MIXED, [conv(16, 3), conv(32, 3)], [conv(17, 3, groups=17), conv(3, 1)]):
        for tapped in (False, True):
            compare(
                inception((17, 9, 7), branches, relu=relu),
                size,
                threads=threads,
                tapped=tapped,
                tolerance=2e-5,
            )


def test_only_the_pool_is_copied() -> None:
    spec = inception((17, 9, 7), MIXED, relu=True)
    assert copies(spec, training=True) == 2  # there and back
    assert copies(spec, training=False) == 1
    bare = inception((17, 9, 7), MIXED, relu=False)
    assert copies(bare, training=False) == 1
    assert copies(bare, training=True) == 2 * len(MIXED)  # a convolution reads a dense gradient


branches = st.lists(
    st.one_of(
        st.builds(conv, st.integers(1, 37), st.sampled_from([1, 3, 5])),
        st.just(("avg_pool2d", {"kernel": 3, "stride": 1, "pad": 1})),
        st.just(conv(18, 3, groups=18)),
    ),
    min_size=2,
    max_size=4,
)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(branches, st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.integers(1, 3))
def test_the_bits_are_those_of_copying(
    ways: list[Branch], height: int, width: int, size: int, threads: int
) -> None:
    spec = inception((18, height, width), ways, relu=True)
    plan, feeds = compile_graph(spec), batch(spec, size, dtype="float32")
    found = []
    for lowerings in (None, COPYING):
        engine = JitEngine(threads=threads, lowerings=lowerings, guarded=True)
        executable = engine.load(plan, seed=3)
        gradients = executable.grad(feeds, taps=(Tap("join", "value"), Tap("join", "grad")))
        values = executable.run(feeds).values
        found.append({**gradients.by_name, **gradients.taps, **values})
    for name, array in found[0].items():
        np.testing.assert_array_equal(array, found[1][name], err_msg=str(name))
