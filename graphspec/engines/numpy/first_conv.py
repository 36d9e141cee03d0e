"""The first convolution with its channels last in memory, on two threads.

The layer's im2col with the product turned round, Y (N·OH·OW, K) = X_colᵀ · W_rowᵀ: it leaves its
output in the order that Winograd's convolutions read and write, and nothing is copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from graphspec.engines.numpy.sharing import parts_of, share
from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.conv2d import Conv2d
from graphspec.plan import Plan

# The columns of both threads are as many numbers as the layer itself makes at once.
COLUMNS_AT_ONCE = 2**19


def first_convs(plan: Plan) -> dict[str, FirstConv2d]:
    """By id, what computes in place of the convolutions that read an input of the plan."""
    return {
        node.id: FirstConv2d(layer)
        for node in plan.nodes
        if isinstance(layer := node.layer, Conv2d)
        and layer.groups == 1
        and layer.inputs[0] in plan.inputs
    }


class FirstConv2d:
    """What computes in place of one convolution whose input wants no gradient."""

    def __init__(self, layer: Conv2d) -> None:
        self._layer = layer

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Y = X_colᵀ · W_rowᵀ + b."""
        (x,) = xs
        layer = self._layer
        sliding = layer._place(x.shape[2:])
        w_row = params["weight"].reshape(layer.filters, -1)
        y = np.empty((len(x), *sliding.out, layer.filters), x.dtype)

        def run(part: slice, thread: int) -> None:
            (columns,) = layer._im2col(x[part], sliding)
            y_rows = y[part].reshape(-1, layer.filters)
            np.matmul(columns.T, w_row.T, out=y_rows)
            if layer.bias:
                y_rows += params["bias"]

        share(self._parts(x), run)
        return Forward(y.transpose(0, 3, 1, 2), (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dW_row = dYᵀ · X_colᵀ; the layer's own backward where dx is asked."""
        (x,) = saved
        layer = self._layer
        if need_dx:
            return layer.backward(dy, saved, params)
        sliding = layer._place(x.shape[2:])
        w = params["weight"]
        parts = self._parts(x)
        dws = np.empty((len(parts), layer.filters, w[0].size), w.dtype)

        def run(part: slice, thread: int) -> None:
            (columns,) = layer._im2col(x[part], sliding)
            dy_rows = dy[part].transpose(0, 2, 3, 1).reshape(-1, layer.filters)
            np.matmul(dy_rows.T, columns.T, out=dws[parts.index(part)])

        share(parts, run)
        dparams = {"weight": dws.sum(axis=0).reshape(w.shape)}
        if layer.bias:
            dparams["bias"] = dy.sum(axis=(0, 2, 3))
        return Backward((None,), dparams)

    def _parts(self, x: Array) -> list[slice]:
        columns = self._layer._columns(x.shape[1], self._layer._place(x.shape[2:]))
        return parts_of(len(x), COLUMNS_AT_ONCE // columns)
