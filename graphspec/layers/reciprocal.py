"""One over the input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec


class Reciprocal(Elementwise):
    """Reciprocal of every number: the 1/x gate.

    y = 1/x; dx = −dy/x² = −dy·y².

    Where x is 0 the result is infinite, and training stops with the layer's name.
    Source: CS231n notes, Backpropagation, the sigmoid example.
    """

    group: ClassVar[str] = "Gate"

    kind: Literal["reciprocal"] = "reciprocal"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = 1/x."""
        (x,) = xs
        y = 1 / x
        return Forward(y, (y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = −dy·y²."""
        (y,) = saved
        return Backward((-dy * y * y,))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """dy·y."""
        return batch * inputs[0].size
