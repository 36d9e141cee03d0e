"""The rectified linear unit."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.elementwise import Pointwise


class Relu(Pointwise):
    """Rectified linear unit: negative inputs become zero.

    y = max(0, x); dx = dy where x > 0, else 0 (at x = 0 the subgradient 0 is taken).

    Source: CS231n notes, Neural Networks 1, commonly used activation functions.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"
    kept: ClassVar[Literal["x", "y"]] = "y"

    kind: Literal["relu"] = "relu"
    """The name of this layer's type."""

    def value(self, x: Array) -> Array:
        """y = max(0, x)."""
        return np.maximum(x, 0)

    def gradient(self, dy: Array, y: Array) -> Array:
        """dx = dy where y > 0."""
        return dy * (y > 0)
