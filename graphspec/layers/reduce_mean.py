"""The mean over axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.reducing import Reducing
from graphspec.tensor import TensorSpec


class ReduceMean(Reducing):
    """Mean over some axes.

    y = (1/n) Σ x over ``axes``, of n numbers; dx = dy/n.

    Over the positions of an image it is global_avg_pool2d.
    Source: numpy.mean; ONNX operator ReduceMean.
    """

    kind: Literal["reduce_mean"] = "reduce_mean"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = (1/n) Σ x."""
        (x,) = xs
        return Forward(x.mean(axis=self.in_array(x), keepdims=self.keep), (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy/n."""
        (shape,) = saved
        share = self.spread(dy, shape) / self.count(shape)
        return Backward((np.broadcast_to(share, shape).copy(),))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The shares of dy, lined up with x."""
        return 2 * batch * self.infer(*inputs).size
