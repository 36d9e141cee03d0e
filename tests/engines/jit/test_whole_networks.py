"""Gradients of whole networks against float64, with the masks of the float32 run imposed on both.

Of two nearly equal numbers either may be the larger in float32. Where that opens a rectifier or
picks the winner of a pool, two right engines send a gradient to different places, and differ by far
more than they round. So the float64 run computes its own values, but its gradients go the way that
the fast engine's went: what rectifiers and pools keep for backward is made from the fast engine's
values. These come from a second run in which they are tapped. Nothing is fused there; that it took
the same turns shows in outputs that have the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from graphspec import zoo
from graphspec.engines.base import Array, Tap
from graphspec.engines.jit.engine import JitEngine
from graphspec.engines.numpy import NumpyEngine
from graphspec.graph import GraphSpec
from graphspec.layers.base import Backward, Forward, Layer, Mode
from graphspec.plan import compile_graph
from tests.bench.workloads import normed, resnet18_small, separable, vgg_like
from tests.engines.jit.oracle import error
from tests.engines.nets import batch

# Of a layer 2e-6 and 2e-5 are promised; ResNet has twenty, with norms over a dozen numbers.
TOLERANCES = {"accurate": 2e-5, "fast": 1e-4}
NETWORKS = {
    "tiny_convnet": lambda: zoo.load("tiny_convnet"),
    "lenet5": lambda: zoo.load("lenet5"),
    "cifar_convnet": lambda: zoo.load("cifar_convnet"),
    "normed": normed,
    "vgg-like": vgg_like,
    "separable": separable,
    "resnet18": resnet18_small,
}
DECIDING = ("relu", "max_pool2d")


class Imposed:
    """A layer whose backward goes by what another engine's input decided."""

    def __init__(self, layer: Layer, x: Array) -> None:
        self._layer = layer
        self._saved = layer.forward((x,), {}, Mode(training=True)).saved

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        return self._layer.forward(xs, params, mode)._replace(saved=self._saved)

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        return self._layer.backward(dy, saved, params, need_dx=need_dx)


def errors(spec: GraphSpec, size: int, accuracy: Any) -> dict[str, float]:
    plan = compile_graph(spec)
    feeds = batch(spec, size, dtype="float32")
    ours = JitEngine(threads=2, accuracy=accuracy).load(plan, seed=3)
    found = ours.grad(feeds, training=True)
    deciding = [node for node in plan.nodes if node.layer.kind in DECIDING]  # type: ignore[attr-defined]
    taps = {node.id: Tap(node.layer.inputs[0]) for node in deciding}
    tapped = ours.grad(feeds, training=True, taps=tuple(dict.fromkeys(taps.values())))
    for name, array in found.values.items():
        np.testing.assert_array_equal(tapped.values[name], array)
    theirs = NumpyEngine("float64").load(plan, seed=3, weights=ours.weights())
    theirs._calls.faster = {
        node.id: Imposed(node.layer, tapped.taps[taps[node.id]])  # type: ignore[misc]
        for node in deciding
    }
    expected = theirs.grad(feeds, training=True)
    assert found.loss == pytest.approx(expected.loss, rel=1e-5)
    return {name: error(found.by_name[name], array) for name, array in expected.by_name.items()}


@pytest.mark.parametrize("accuracy", TOLERANCES)
@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_with_matched_masks_agree_with_float64(name: str, accuracy: str) -> None:
    found = errors(NETWORKS[name](), 3, accuracy)
    worst = max(found, key=lambda key: found[key])
    assert found[worst] <= TOLERANCES[accuracy], worst
