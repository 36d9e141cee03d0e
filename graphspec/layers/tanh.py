"""The hyperbolic tangent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.tensor import TensorSpec


class Tanh(Layer):
    """Hyperbolic tangent: squashes every number into (−1, 1), centred on zero.

    y = tanh(x) = 2σ(2x) − 1; dx = dy·(1 − y²).

    Source: CS231n notes, Neural Networks 1, commonly used activation functions.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "glorot"

    kind: Literal["tanh"] = "tanh"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over features and over an image."""
        return (
            Example(cls(id="act", inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="act", inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        return inputs[0]

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = tanh(x)."""
        y = np.tanh(xs[0])
        return Forward(y, (y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy·(1 − y²)."""
        (y,) = saved
        return Backward((dy * (1 - y * y),))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """1 − y²."""
        return batch * inputs[0].size
