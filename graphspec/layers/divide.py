"""Dividing one input by another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.merging import MergingTwo
from graphspec.tensor import TensorSpec


class Divide(MergingTwo):
    """Quotient of two inputs of equal shape, number by number.

    y = a/b; da = dy/b, db = −dy·a/b² = −da·y.

    Where b is 0 the quotient is infinite or not a number, and training stops with the layer's name.
    Source: CS231n notes, Backpropagation, staged computation (the multiply gate after a 1/x gate).
    """

    group: ClassVar[str] = "Gate"

    kind: Literal["divide"] = "divide"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = a/b."""
        a, b = xs
        y = a / b
        return Forward(y, (b, y))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """da = dy/b, db = −da·y."""
        b, y = saved
        da = dy / b
        return Backward((da, -da * y))

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """da·y, before it is negated."""
        return batch * inputs[0].size
