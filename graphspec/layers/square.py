"""The square of the input."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.elementwise import Pointwise
from graphspec.tensor import TensorSpec


class Square(Pointwise):
    """Square of every number: x multiplied by itself.

    y = x²; dx = 2·x·dy.

    Source: CS231n notes, Backpropagation, staged computation, gradients add up at forks (x·x has
    two branches).
    """

    group: ClassVar[str] = "Gate"
    kept: ClassVar[Literal["x", "y"]] = "x"

    kind: Literal["square"] = "square"
    """The name of this layer's type."""

    def value(self, x: Array) -> Array:
        """y = x²."""
        return np.square(x)

    def gradient(self, dy: Array, x: Array) -> Array:
        """dx = 2·x·dy."""
        return 2 * x * dy

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """2·x."""
        return batch * inputs[0].size
