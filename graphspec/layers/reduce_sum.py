"""The sum over axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.reducing import Reducing


class ReduceSum(Reducing):
    """Sum over some axes.

    y = Σ x over ``axes``; dx = dy, for every number that went into it.

    Source: numpy.sum; ONNX operator ReduceSum; CS231n notes, Backpropagation, the add gate.
    """

    kind: Literal["reduce_sum"] = "reduce_sum"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = Σ x."""
        (x,) = xs
        return Forward(x.sum(axis=self.in_array(x), keepdims=self.keep), (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy."""
        (shape,) = saved
        return Backward((np.broadcast_to(self.spread(dy, shape), shape).copy(),))
