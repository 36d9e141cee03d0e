"""One over the input."""

from __future__ import annotations

from typing import ClassVar, Literal

from graphspec.layers.base import Array
from graphspec.layers.elementwise import Pointwise
from graphspec.tensor import TensorSpec


class Reciprocal(Pointwise):
    """Reciprocal of every number: the 1/x gate.

    y = 1/x; dx = −dy/x² = −dy·y².

    Where x is 0 the result is infinite, and training stops with the layer's name.
    Source: CS231n notes, Backpropagation, the sigmoid example.
    """

    group: ClassVar[str] = "Gate"
    kept: ClassVar[Literal["x", "y"]] = "y"

    kind: Literal["reciprocal"] = "reciprocal"
    """The name of this layer's type."""

    def value(self, x: Array) -> Array:
        """y = 1/x."""
        return 1 / x

    def gradient(self, dy: Array, y: Array) -> Array:
        """dx = −dy·y²."""
        return -dy * y * y

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """dy·y."""
        return batch * inputs[0].size
