"""The hyperbolic tangent."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.elementwise import Pointwise
from graphspec.tensor import TensorSpec


class Tanh(Pointwise):
    """Hyperbolic tangent: squashes every number into (−1, 1), centred on zero.

    y = tanh(x) = 2σ(2x) − 1; dx = dy·(1 − y²).

    Source: CS231n notes, Neural Networks 1, commonly used activation functions.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "glorot"
    kept: ClassVar[Literal["x", "y"]] = "y"

    kind: Literal["tanh"] = "tanh"
    """The name of this layer's type."""

    def value(self, x: Array) -> Array:
        """y = tanh(x)."""
        return np.tanh(x)

    def gradient(self, dy: Array, y: Array) -> Array:
        """dx = dy·(1 − y²)."""
        dx: Array = dy * (1 - y * y)
        return dx

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """1 − y²."""
        return batch * inputs[0].size
