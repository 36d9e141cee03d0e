"""Normalisation by the batch, and a pooling, within the kernels of a Winograd convolution."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.jit.explaining import explain
from graphspec.engines.numpy import NumpyEngine
from graphspec.graph import GraphSpec
from graphspec.plan import compile_graph
from tests.engines.jit.oracle import compare, error
from tests.engines.nets import batch, network, node

TOLERANCES = {"fast": 2e-5, "accurate": 5e-6}
SIZES = [((16, 8, 12), 16), ((17, 8, 8), 21), ((35, 16, 12), 40)]
BEHIND: list[tuple[str, ...]] = [
    (),
    ("relu",),
    ("gelu", "softplus"),
    ("max_pool2d",),
    ("relu", "max_pool2d"),
]


def net(shape: tuple[int, ...], filters: int, behind: tuple[str, ...], **fields: Any) -> GraphSpec:
    """x/2 → conv → batch norm → what is ``behind`` → scores → loss."""
    fields = {"kernel": 3, "pad": 1, "bias": False, **fields}
    layers = [
        node("scale", "before", "x", factor=0.5),
        node("conv2d", "conv", "before", filters=filters, **fields),
        node("batch_norm", "norm", "conv"),
    ]
    for number, kind in enumerate(behind):
        own = {"kernel": 2} if kind == "max_pool2d" else {}
        layers.append(node(kind, f"b{number}", layers[-1]["id"], **own))
    layers += [
        node("linear", "scores", layers[-1]["id"], units=3),
        node("softmax_loss", "loss", "scores", "label"),
    ]
    return network(layers, ("scores",), x={"shape": shape}, label={"classes": 3})


def slopes(filters: int) -> dict[str, np.ndarray]:
    """Slopes above 0, below (which turn the order of a window around), and 0 (all are equal)."""
    rng = np.random.default_rng(0)
    scale = np.where(np.arange(filters) % 4 == 3, 0, rng.standard_normal(filters))
    return {"norm.scale": scale, "norm.shift": 0.3 * rng.standard_normal(filters)}


def fused(spec: GraphSpec, size: int = 6, threads: int = 2) -> tuple[str, ...]:
    """The layers in the convolution's rows."""
    lines = explain(compile_graph(spec), batch=size, threads=threads).lines
    (layers,) = {line.layers for line in lines if "conv" in line.layers}
    return layers


@pytest.mark.parametrize("accuracy", TOLERANCES)
@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize(("shape", "filters"), SIZES)
def test_all_is_in_the_convolutions_kernels(
    shape: tuple[int, ...], filters: int, behind: tuple[str, ...], accuracy: str
) -> None:
    spec = net(shape, filters, behind)
    assert fused(spec) == ("conv", "norm", *(f"b{i}" for i in range(len(behind))))
    for threads in (1, 3):
        compare(
            spec, 6, threads=threads, accuracy=accuracy, tapped=False, weights=slopes(filters),
            tolerance=TOLERANCES[accuracy],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("what", "size", "threads"),
    [
        ({"shape": (16, 8, 10)}, 6, 2),  # tiles hang over
        ({"filters": 9}, 6, 2),  # direct
        ({"shape": (130, 4, 4), "filters": 133}, 6, 2),  # the product of patches
        ({"shape": (16, 8, 8)}, 7, 2),  # threads would have unequal numbers of images
    ],
)
def test_where_it_is_not(what: dict[str, Any], size: int, threads: int) -> None:
    spec = net(**{"shape": (16, 8, 8), "filters": 16, "behind": ("relu", "max_pool2d"), **what})
    assert fused(spec, size, threads) == ("conv",)


def test_a_value_between_that_is_asked_for_is_seen() -> None:
    spec = net((16, 8, 8), 16, ("relu", "max_pool2d"))
    compare(spec, 6, threads=2, tapped=True, weights=slopes(16), tolerance=2e-5)


@pytest.mark.parametrize("behind", BEHIND[1::3])
def test_with_a_bias(behind: tuple[str, ...]) -> None:
    spec = net((16, 8, 8), 16, behind, bias=True)
    plan, feeds = compile_graph(spec), batch(spec, 6, dtype="float32")
    rng = np.random.default_rng(1)
    weights = {**slopes(16), "conv.bias": rng.standard_normal(16)}
    ours = JitEngine(threads=2, guarded=True).load(plan, seed=1, weights=weights)
    theirs = NumpyEngine("float64").load(plan, seed=1, weights=ours.weights())
    got, expected = (each.grad(feeds, training=True) for each in (ours, theirs))
    for name, array in expected.by_name.items():
        # The bias has no effect: its gradient is a sum that cancels out.
        terms = np.abs(expected.by_name["norm.shift"]).max() * 16
        assert error(got.by_name[name], array, terms if name == "conv.bias" else 1e-3) <= 2e-5, name


@pytest.mark.parametrize("behind", [(), ("max_pool2d",)])
def test_moments_of_twenty_thousand_pixels_far_from_0(behind: tuple[str, ...]) -> None:
    spec = net((16, 52, 56), 16, behind, bias=True)
    plan, feeds = compile_graph(spec), batch(spec, 7, dtype="float32")
    weights = {"conv.bias": np.full(16, 300.0)}
    ours = JitEngine(threads=2, accuracy="accurate").load(plan, seed=1, weights=weights)
    name = plan.by_id["scores"].layer.inputs[0]
    got = ours.run(feeds, training=True, outputs=[name]).values[name]
    z = ours.run(feeds, training=True, outputs=["conv"]).values["conv"].astype(np.float64)
    assert (z.mean((0, 2, 3)) / z.std((0, 2, 3))).min() > 100
    apart = z - z.mean((0, 2, 3), keepdims=True)
    expected = apart / np.sqrt(z.var((0, 2, 3), keepdims=True) + 1e-5)
    if behind:
        expected = expected.reshape(7, 16, 26, 2, 28, 2).max((3, 5))
    # The mean itself is a float32: 300 has steps of 3e-5.
    assert error(got, expected) <= 1e-4
