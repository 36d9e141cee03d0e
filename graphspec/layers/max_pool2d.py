"""Max pooling over images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.pooling import Pooling
from graphspec.layers.sliding import as_pair
from graphspec.tensor import TensorSpec


class MaxPool2d(Pooling):
    """Max pooling: the largest value of each window, channel by channel.

    y[c, i, j] = max_{u, v} x[c, i·S + u − P, j·S + v − P]

    x (N, C, H, W), y (N, C, OH, OW) with OH = (H − F + 2P)/S + 1, and the same for the width.
    Padding counts as −∞: it never wins. Forward notes where in its window each maximum was (the
    switches); backward sends dy there and nowhere else. Of equal values the first wins, in reading
    order.

    Source: CS231n notes, Convolutional Networks, pooling layer.
    """

    group: ClassVar[str] = "Pooling"

    kind: Literal["max_pool2d"] = "max_pool2d"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """The two common forms, a padded one, and windows that hang over the edge."""
        return (
            Example(cls(id="pool", kernel=2, inputs=("x",)), (TensorSpec((2, 4, 6)),)),
            Example(cls(id="pool", kernel=3, stride=2, inputs=("x",)), (TensorSpec((1, 5, 7)),)),
            Example(
                cls(id="pool", kernel=3, stride=2, pad=1, rounding="floor", inputs=("x",)),
                (TensorSpec((2, 6, 4)),),
            ),
            Example(
                cls(id="pool", kernel=(3, 2), stride=(2, 2), rounding="ceil", inputs=("x",)),
                (TensorSpec((1, 6, 5)),),
            ),
            Example(
                cls(id="pool", kernel=3, stride=1, pad="same", inputs=("x",)),
                (TensorSpec((2, 3, 4)),),
            ),
        )

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The running maximum over the places in the window, and the place where it was."""
        (x,) = xs
        sliding = self._place(x.shape[2:])
        xp = sliding.pad(x, -np.inf)
        height, width = sliding.kernel
        # "Like" keeps the order in memory, whichever of channels and pixels comes first there.
        y = np.full_like(x, -np.inf, shape=(*x.shape[:2], *sliding.out))
        switches = np.zeros_like(y, np.min_scalar_type(height * width - 1))
        for i, j, at in sliding.positions():
            # Arithmetic, as numpy is slow at assigning under a mask: the later place has the
            # larger number. The comparison is strict, so that the first of equals stays.
            place = switches.dtype.type(i * width + j)
            np.maximum(switches, (xp[at] > y) * place, out=switches)
            np.maximum(y, xp[at], out=y)
        return Forward(y, (switches, x.shape[2:]))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """Add each dy to the pixel that its switch points at."""
        switches, size = saved
        if not need_dx:
            return Backward((None,))
        sliding = self._place(size)
        _, width = sliding.kernel
        dxp = np.zeros_like(switches, dy.dtype, shape=(*dy.shape[:2], *sliding.padded))
        overlap = any(s < k for s, k in zip(sliding.stride, sliding.kernel, strict=True))
        for i, j, at in sliding.positions():
            won = switches == i * width + j
            if overlap:
                dxp[at] += dy * won
            else:
                np.multiply(dy, won, out=dxp[at])
        return Backward((sliding.crop(dxp),))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The switches: one byte each (a quarter of a number) for windows of up to 256 places."""
        height, width = as_pair(self.kernel)
        size = np.min_scalar_type(height * width - 1).itemsize
        return -(-self.infer(*inputs).size * size // 4)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The padded images, and one place of every window."""
        channels, height, width = inputs[0].shape
        rows, row = self._place((height, width)).padded
        return batch * (channels * rows * row + self.infer(*inputs).size)
