"""Pooling by a norm over images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.pooling import Pooling
from graphspec.tensor import TensorSpec


class LpPool2d(Pooling):
    """Norm pooling: the Lp norm of each window, channel by channel; the L2 norm by default.

    y[c, i, j] = (Σ_{u, v} |x[c, i·S + u − P, j·S + v − P]|^p)^(1/p)
    dx = dy·sign(x)·(|x|/y)^(p − 1), added up over the windows (0 where y is 0)

    x (N, C, H, W), y (N, C, OH, OW) with OH = (H − F + 2P)/S + 1, and the same for the width.
    Padding counts as 0. p = 1 sums magnitudes; the larger p, the nearer to a maximum.
    Source: CS231n notes, Convolutional Networks, general pooling (L2-norm pooling); ONNX LpPool.
    """

    group: ClassVar[str] = "Pooling"

    kind: Literal["lp_pool2d"] = "lp_pool2d"
    """The name of this layer's type."""
    power: float = Field(default=2.0, ge=1, le=16)
    """p, the power of the norm."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """L2, an overlapping padded L3, and windows that hang over the edge."""
        return (
            Example(cls(id="pool", kernel=2, inputs=("x",)), (TensorSpec((2, 4, 6)),)),
            Example(
                cls(id="pool", power=3.0, kernel=3, stride=2, pad=1, inputs=("x",)),
                (TensorSpec((1, 5, 3)),),
            ),
            Example(
                cls(id="pool", kernel=(3, 2), stride=2, rounding="ceil", inputs=("x",)),
                (TensorSpec((1, 6, 5)),),
            ),
        )

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = (Σ |x|^p)^(1/p)."""
        (x,) = xs
        sliding = self._place(x.shape[2:])
        powers = np.abs(sliding.pad(x)) ** self.power
        y = np.zeros((*x.shape[:2], *sliding.out), x.dtype)
        for _, _, at in sliding.positions():
            y += powers[at]
        y **= 1 / self.power
        return Forward(y, (x, y))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = sign(x)·|x|^(p − 1) · Σ dy/y^(p − 1), over the windows that hold x."""
        x, y = saved
        if not need_dx:
            return Backward((None,))
        sliding = self._place(x.shape[2:])
        shares = dy / np.where(y > 0, y, 1) ** (self.power - 1)
        dxp = np.zeros((*dy.shape[:2], *sliding.padded), dy.dtype)
        for _, _, at in sliding.positions():
            dxp[at] += shares
        return Backward((sliding.crop(dxp) * np.sign(x) * np.abs(x) ** (self.power - 1),))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The padded images, their powers and shares of the windows."""
        channels, height, width = inputs[0].shape
        rows, row = self._place((height, width)).padded
        return batch * (3 * channels * rows * row + self.infer(*inputs).size)
