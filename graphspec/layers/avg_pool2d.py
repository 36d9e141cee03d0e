"""Average pooling over images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.pooling import Pooling
from graphspec.layers.sliding import Sliding
from graphspec.tensor import TensorSpec


class AvgPool2d(Pooling):
    """Average pooling: the mean of each window, channel by channel.

    y[c, i, j] = (1/n) Σ_{u, v} x[c, i·S + u − P, j·S + v − P]

    x (N, C, H, W), y (N, C, OH, OW) with OH = (H − F + 2P)/S + 1, and the same for the width.
    n = F² inside the image; at its edges ``include_pad`` decides. Backward: every pixel of a window
    gets dy/n.

    Source: CS231n notes, Convolutional Networks, pooling layer.
    """

    group: ClassVar[str] = "Pooling"

    kind: Literal["avg_pool2d"] = "avg_pool2d"
    """The name of this layer's type."""
    include_pad: bool = True
    """Whether padding counts in n, which pulls the edges towards zero (PyTorch's default; ONNX and
    Keras leave it out). What a "ceil" window sees beyond the padding never counts."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Plain, padded with and without counting the padding, and over the edge."""
        return (
            Example(cls(id="pool", kernel=2, inputs=("x",)), (TensorSpec((2, 4, 6)),)),
            Example(
                cls(id="pool", kernel=3, stride=1, pad=1, inputs=("x",)), (TensorSpec((1, 4, 5)),)
            ),
            Example(
                cls(id="pool", kernel=3, stride=1, pad=1, include_pad=False, inputs=("x",)),
                (TensorSpec((1, 4, 5)),),
            ),
            Example(
                cls(id="pool", kernel=(3, 2), stride=2, pad=1, rounding="ceil", inputs=("x",)),
                (TensorSpec((2, 6, 5)),),
            ),
        )

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The sum over the places in the window, divided by how many count."""
        (x,) = xs
        sliding = self._place(x.shape[2:])
        xp = sliding.pad(x)
        y = np.zeros((*x.shape[:2], *sliding.out), x.dtype)
        for _, _, at in sliding.positions():
            y += xp[at]
        y /= self._counts(sliding).astype(x.dtype)
        return Forward(y, (x.shape[2:],))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """Every pixel of a window gets dy/n; where windows overlap, the sum."""
        (size,) = saved
        if not need_dx:
            return Backward((None,))
        sliding = self._place(size)
        share = dy / self._counts(sliding).astype(dy.dtype)
        dxp = np.zeros((*dy.shape[:2], *sliding.padded), dy.dtype)
        for _, _, at in sliding.positions():
            dxp[at] += share
        return Backward((sliding.crop(dxp),))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The padded images, and dy/n."""
        channels, height, width = inputs[0].shape
        rows, row = self._place((height, width)).padded
        return batch * (channels * rows * row + self.infer(*inputs).size)

    def _counts(self, sliding: Sliding) -> Array:
        """How many numbers of each window count, (OH, OW)."""
        rows, columns = (
            _seen(count, kernel, stride, lo, size, hi, self.include_pad)
            for count, kernel, stride, lo, size, hi in zip(
                sliding.out,
                sliding.kernel,
                sliding.stride,
                sliding.before,
                sliding.size,
                sliding.after,
                strict=True,
            )
        )
        return rows[:, None] * columns


def _seen(
    count: int, kernel: int, stride: int, lo: int, size: int, hi: int, include_pad: bool
) -> Array:
    """How many pixels each of ``count`` windows sees along one axis."""
    first, last = (0, lo + size + hi) if include_pad else (lo, lo + size)
    starts = np.arange(count) * stride
    return np.minimum(starts + kernel, last) - np.maximum(starts, first)
