"""The square of the input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec


class Square(Elementwise):
    """Square of every number: x multiplied by itself.

    y = x²; dx = 2·x·dy.

    Source: CS231n notes, Backpropagation, staged computation, gradients add up at forks (x·x has
    two branches).
    """

    group: ClassVar[str] = "Gate"

    kind: Literal["square"] = "square"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x²."""
        (x,) = xs
        return Forward(np.square(x), (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = 2·x·dy."""
        (x,) = saved
        return Backward((2 * x * dy,))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """2·x."""
        return batch * inputs[0].size
