"""The exponential function."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.elementwise import Pointwise


class Exp(Pointwise):
    """Exponential of every number: the exp gate.

    y = eˣ; dx = dy·eˣ = dy·y.

    It overflows beyond x = 88 in single precision and 709 in double; softmax, sigmoid and the
    losses are made so that they do not.
    Source: CS231n notes, Backpropagation, the sigmoid example.
    """

    group: ClassVar[str] = "Gate"
    kept: ClassVar[Literal["x", "y"]] = "y"

    kind: Literal["exp"] = "exp"
    """The name of this layer's type."""

    def value(self, x: Array) -> Array:
        """y = eˣ."""
        return np.exp(x)

    def gradient(self, dy: Array, y: Array) -> Array:
        """dx = dy·y."""
        return dy * y
