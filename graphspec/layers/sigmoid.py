"""The logistic sigmoid."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.elementwise import Pointwise
from graphspec.tensor import TensorSpec


class Sigmoid(Pointwise):
    """Logistic sigmoid: squashes every number into (0, 1).

    y = σ(x) = 1/(1 + e⁻ˣ); dx = dy·(1 − y)·y.

    Computed from e^−|x|, which cannot overflow. It saturates: where |x| is large the gradient
    vanishes, and its output is not centred on zero; prefer relu or tanh between layers.
    Source: CS231n notes, Neural Networks 1, commonly used activation functions.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "glorot"
    kept: ClassVar[Literal["x", "y"]] = "y"

    kind: Literal["sigmoid"] = "sigmoid"
    """The name of this layer's type."""

    def value(self, x: Array) -> Array:
        """y = 1/(1 + e⁻ˣ), which is eˣ/(1 + eˣ) too: take the one with the small exponential."""
        e = np.exp(-np.abs(x))
        y: Array = np.where(x >= 0, 1, e) / (1 + e)
        return y

    def gradient(self, dy: Array, y: Array) -> Array:
        """dx = dy·(1 − y)·y."""
        dx: Array = dy * (1 - y) * y
        return dx

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """e^−|x|, the numerator and the denominator."""
        return 3 * batch * inputs[0].size
