"""Stochastic pooling over images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.pooling import Pooling
from graphspec.layers.sliding import Sliding, as_pair
from graphspec.tensor import TensorSpec


class StochasticPool2d(Pooling):
    """Stochastic pooling: in training each window gives one of its values, drawn by their size.

    With a = max(0, x) and pᵢ = aᵢ/Σa over a window: training draws i with probability pᵢ and gives
    y = aᵢ; dy goes there and nowhere else. Evaluation gives the mean over the draws,
    y = Σ pᵢ·aᵢ = Σ a²/Σ a; daᵢ = dy·(2·aᵢ − y)/Σa. A window without positive values gives 0.

    x (N, C, H, W), y (N, C, OH, OW) with OH = (H − F + 2P)/S + 1, and the same for the width. Made
    for the outputs of a rectifier: negative values count as 0, as does padding.
    Source: Zeiler and Fergus 2013, Stochastic Pooling; CS231n notes, Neural Networks 2, theme of
    noise in forward pass.
    """

    group: ClassVar[str] = "Pooling"
    draws: ClassVar[bool] = True

    kind: Literal["stochastic_pool2d"] = "stochastic_pool2d"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """The common form, an overlapping padded one, and windows that hang over the edge."""
        return (
            Example(cls(id="pool", kernel=2, inputs=("x",)), (TensorSpec((2, 4, 6)),)),
            Example(
                cls(id="pool", kernel=3, stride=2, pad=1, inputs=("x",)), (TensorSpec((1, 5, 3)),)
            ),
            Example(
                cls(id="pool", kernel=(3, 2), stride=2, rounding="ceil", inputs=("x",)),
                (TensorSpec((1, 6, 5)),),
            ),
        )

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = a of the place drawn in training, Σ a²/Σ a otherwise."""
        (x,) = xs
        sliding = self._place(x.shape[2:])
        a = self._windows(x, sliding)
        total = a.sum(axis=0)
        if not mode.training:
            y = np.square(a).sum(axis=0) / np.where(total > 0, total, 1)
            return Forward(y, (None, x, total, y))
        if mode.rng is None:
            raise ValueError("pooling draws at random in training: give the mode a generator")
        reached = np.cumsum(a, axis=0)
        drawn = mode.rng.random(total.shape, dtype=np.float32) * total
        # The first place beyond the draw; rounding must not carry it past the last positive one.
        places = ((reached > drawn) | (reached >= reached[-1])).argmax(axis=0)
        y = np.take_along_axis(a, places[None], axis=0)[0]
        # One more than the places stands for a window that has nothing to draw.
        switches = np.where(y > 0, places, len(a)).astype(np.min_scalar_type(len(a)))
        return Forward(y, (switches, x.shape[2:]))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dy to the place drawn; in evaluation dy·(2·a − y)/Σa to every positive one."""
        if not need_dx:
            return Backward((None,))
        switches, *kept = saved
        if switches is not None:
            sliding = self._place(kept[0])
            shares = [dy * (switches == k) for k in range(sliding.kernel[0] * sliding.kernel[1])]
        else:
            x, total, y = kept
            sliding = self._place(x.shape[2:])
            rate = dy / np.where(total > 0, total, 1)
            shares = [rate * (2 * a - y) * (a > 0) for a in self._windows(x, sliding)]
        dxp = np.zeros((*dy.shape[:2], *sliding.padded), dy.dtype)
        for share, (_, _, at) in zip(shares, sliding.positions(), strict=True):
            dxp[at] += share
        return Backward((sliding.crop(dxp),))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The switches: one byte each (a quarter of a number) for windows of up to 255 places."""
        height, width = as_pair(self.kernel)
        return -(-self.infer(*inputs).size * np.min_scalar_type(height * width).itemsize // 4)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """Every window's values, their sums so far and the comparisons, and the padded images."""
        channels, height, width = inputs[0].shape
        rows, row = self._place((height, width)).padded
        places = as_pair(self.kernel)[0] * as_pair(self.kernel)[1]
        return batch * (channels * rows * row + 4 * places * self.infer(*inputs).size)

    def _windows(self, x: Array, sliding: Sliding) -> Array:
        """a, with the places of the window as first axis: (F·F, N, C, OH, OW)."""
        xp = sliding.pad(np.maximum(x, 0))
        return np.stack([xp[at] for _, _, at in sliding.positions()])
