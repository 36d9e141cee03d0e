"""The leaky rectified linear unit."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.layers.base import Array, Example
from graphspec.layers.elementwise import Pointwise
from graphspec.tensor import TensorSpec


class LeakyRelu(Pointwise):
    """Leaky rectified linear unit: negative inputs are scaled down rather than cut off.

    y = x where x > 0, else α·x; dx = dy where x > 0, else α·dy (at x = 0 the slope α is taken).

    A unit that only sees negative inputs still has a gradient, and so can recover.
    Source: CS231n notes, Neural Networks 1, commonly used activation functions.
    """

    group: ClassVar[str] = "Activation"
    preferred_init: ClassVar[str | None] = "he"
    kept: ClassVar[Literal["x", "y"]] = "x"

    kind: Literal["leaky_relu"] = "leaky_relu"
    """The name of this layer's type."""
    slope: float = Field(default=0.01, ge=0, lt=1)
    """α, the slope for negative inputs."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """The usual slope over features, and a steeper one over an image."""
        return (
            Example(cls(id="act", inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="act", slope=0.25, inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def value(self, x: Array) -> Array:
        """y = x where x > 0, else α·x."""
        # As α < 1, the larger of the two is the right one on either side of 0.
        return np.maximum(x, self.slope * x)

    def gradient(self, dy: Array, x: Array) -> Array:
        """dx = dy where x > 0, else α·dy."""
        return np.where(x > 0, dy, self.slope * dy)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """α·x, or α·dy."""
        return batch * inputs[0].size
