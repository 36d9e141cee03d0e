"""The numpy engine in float64, on the way that the fast engine went.

Of two nearly equal numbers either may be the larger in float32. Where that opens a rectifier or
picks the winner of a pool, two right engines send a gradient to different places, and differ by far
more than they round. So float64 is told what the fast engine's numbers decided: ``Imposed`` for
whole networks. ``Alone`` looks at each layer by itself, where no error of another adds to its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphspec.engines.base import Array, Feeds, Gradients, Tap
from graphspec.engines.numpy import NumpyEngine
from graphspec.engines.numpy.executable import NumpyExecutable
from graphspec.layers.base import Backward, Forward, Layer, Mode
from graphspec.plan import Node, Plan

KINKED = frozenset(
    (
        *("relu", "leaky_relu", "prelu", "elu", "selu", "hardswish"),
        *("max_pool2d", "maximum", "maxout", "hinge_loss"),
    )
)
"""What decides: kinds whose gradient jumps."""


class Imposed:
    """A layer whose values are its own, and whose backward goes by what other inputs decided."""

    def __init__(self, layer: Layer, xs: tuple[Array, ...]) -> None:
        self._layer, self._xs = layer, xs

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        saved = self._layer.forward(self._xs, params, mode).saved
        return self._layer.forward(xs, params, mode)._replace(saved=saved)

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        return self._layer.backward(dy, saved, params, need_dx=need_dx)


class Alone(Imposed):
    """A layer whose inputs, and whose output's gradient, are those of another engine."""

    def __init__(self, layer: Layer, xs: tuple[Array, ...], dy: Array) -> None:
        super().__init__(layer, xs)
        self._dy = dy

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        return self._layer.forward(self._xs, params, mode)

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        return self._layer.backward(self._dy, saved, params, need_dx=need_dx)


def everything(plan: Plan) -> list[Tap]:
    """Every value of a plan, and its gradient."""
    names = [node.id for node in plan.nodes if node.output.dtype == "float"]
    names += [name for name, tensor in plan.inputs.items() if tensor.dtype == "float"]
    return [Tap(name, what) for name in names for what in ("value", "grad")]  # type: ignore[arg-type]


def deciding(plan: Plan) -> list[Tap]:
    """What kinks are decided by."""
    names = {name: None for node in plan.nodes if _is_kinked(node) for name in node.layer.inputs}
    return [Tap(name) for name in names if name in plan.by_id or plan.inputs[name].dtype == "float"]


def in_float64(
    plan: Plan,
    weights: Mapping[str, Array],
    feeds: Feeds,
    found: Gradients,
    *,
    seed: int = 1,
    alone: bool = False,
) -> NumpyExecutable:
    """The network in float64, with what was ``found`` at its taps imposed on it."""

    def given(name: str) -> Array:
        array = found.taps[Tap(name)] if Tap(name) in found.taps else np.asarray(feeds[name])
        return array.astype(np.float64) if array.dtype.kind == "f" else array

    def inputs(node: Node) -> tuple[Array, ...]:
        return tuple(map(given, node.layer.inputs))

    executable = NumpyEngine("float64").load(plan, seed=seed, weights=weights)
    executable._calls.faster = {
        node.id: Alone(node.layer, inputs(node), found.taps[Tap(node.id, "grad")].astype(float))
        if alone
        else Imposed(node.layer, inputs(node))
        for node in plan.nodes
        if alone or _is_kinked(node)
    }
    return executable


def largest_terms(plan: Plan, found: Gradients) -> dict[Any, float]:
    """By tap, and by name of a parameter or input: the largest of what is added up to make it.

    Where that cancels out, as what a norm sends back to a bias, errors are parts of it.
    """
    size = {tap: float(np.abs(array).max()) for tap, array in found.taps.items()}
    terms: dict[Any, float] = dict.fromkeys((*size, *plan.inputs), 0.0)
    for node in plan.nodes:
        dy = size[Tap(node.id, "grad")]
        whole = _largest_sum(found.taps[Tap(node.id, "grad")])
        terms |= dict.fromkeys((f"{node.id}.{local}" for local in node.params), whole)
        for source in node.layer.inputs:
            if Tap(source) in size:
                terms[Tap(node.id)] = max(terms[Tap(node.id)], size[Tap(source)])
                for at in (Tap(source, "grad"), source):
                    terms[at] = max(terms.get(at, 0.0), dy)
    return terms


def _largest_sum(dy: Array) -> float:
    """Of the magnitudes of a unit, or of a channel: what its bias's gradient may have to add up."""
    return float(np.abs(dy).sum(axis=tuple(axis for axis in range(dy.ndim) if axis != 1)).max())


def _is_kinked(node: Node) -> bool:
    return node.layer.kind in KINKED  # type: ignore[attr-defined]
