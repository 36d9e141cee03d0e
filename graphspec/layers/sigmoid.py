"""The logistic sigmoid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.tensor import TensorSpec


class Sigmoid(Layer):
    """Logistic sigmoid: squashes every number into (0, 1).

    y = σ(x) = 1/(1 + e⁻ˣ); dx = dy·(1 − y)·y.

    Computed from e^−|x|, which cannot overflow. It saturates: where |x| is large the gradient
    vanishes, and its output is not centred on zero; prefer relu or tanh between layers.
    Source: CS231n notes, Neural Networks 1, commonly used activation functions.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "glorot"

    kind: Literal["sigmoid"] = "sigmoid"
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
        """y = 1/(1 + e⁻ˣ), which is eˣ/(1 + eˣ) too: take the one with the small exponential."""
        (x,) = xs
        e = np.exp(-np.abs(x))
        y = np.where(x >= 0, 1, e) / (1 + e)
        return Forward(y, (y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy·(1 − y)·y."""
        (y,) = saved
        return Backward((dy * (1 - y) * y,))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """e^−|x|, the numerator and the denominator."""
        return 3 * batch * inputs[0].size
