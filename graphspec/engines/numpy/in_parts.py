"""ReLU and max pooling a part of the batch at a time, on two threads.

The layers' own formulas, on parts that stay in a core's second-level cache from one pass over
them to the next. Examples do not meet in these layers, so the numbers are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphspec.engines.numpy.sharing import parts_of, share
from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.max_pool2d import MaxPool2d
from graphspec.layers.relu import Relu
from graphspec.plan import Plan
from graphspec.tensor import TensorSpec

# A megabyte in float32: starting a thread costs as much as a pass over it.
NUMBERS_AT_ONCE = 2**18


def in_parts(plan: Plan) -> dict[str, ReluInParts | MaxPoolInParts]:
    """By id, what computes in place of the plan's ReLUs and max pooling."""
    faster: dict[str, ReluInParts | MaxPoolInParts] = {}
    for node in plan.nodes:
        if isinstance(node.layer, Relu):
            faster[node.id] = ReluInParts()
        elif isinstance(node.layer, MaxPool2d):
            faster[node.id] = MaxPoolInParts(node.layer)
    return faster


class ReluInParts:
    """What computes in place of one rectified linear unit, without arrays in between."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = max(0, x)."""
        (x,) = xs
        y = np.empty_like(x)

        def run(part: slice, thread: int) -> None:
            np.maximum(x[part], 0, out=y[part])

        share(_parts(x), run)
        return Forward(y, (y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy where y > 0."""
        (y,) = saved
        dx = np.empty_like(dy)

        def run(part: slice, thread: int) -> None:
            np.multiply(dy[part], y[part] > 0, out=dx[part])

        share(_parts(dy), run)
        return Backward((dx,))


class MaxPoolInParts:
    """What computes in place of one max pooling."""

    def __init__(self, layer: MaxPool2d) -> None:
        self._layer = layer

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """As the layer's; each part's switches are kept by its start."""
        (x,) = xs
        out = self._layer.infer(TensorSpec(x.shape[1:])).shape
        y = np.empty_like(x, shape=(len(x), *out))
        saved: dict[int, tuple[Any, ...]] = {}

        def run(part: slice, thread: int) -> None:
            y[part], saved[part.start], _ = self._layer.forward((x[part],), params, mode)

        share(_parts(x), run)
        return Forward(y, (x.shape, saved))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """As the layer's."""
        shape, by_start = saved
        if not need_dx:
            return Backward((None,))
        dx = np.empty_like(dy, shape=shape)

        def run(part: slice, thread: int) -> None:
            dxs, _ = self._layer.backward(dy[part], by_start[part.start], params)
            dx[part] = dxs[0]

        share(_parts(dx), run)
        return Backward((dx,))


def _parts(x: Array) -> list[slice]:
    return parts_of(len(x), NUMBERS_AT_ONCE * len(x) // x.size)
