"""Subtracting one input from another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.merging import MergingTwo


class Subtract(MergingTwo):
    """Difference of two inputs of equal shape, number by number.

    y = a − b; da = dy, db = −dy.

    Source: CS231n notes, Backpropagation, the add gate with a negated input.
    """

    group: ClassVar[str] = "Gate"

    kind: Literal["subtract"] = "subtract"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = a − b."""
        a, b = xs
        return Forward(a - b)

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """da = dy, db = −dy."""
        return Backward((dy, -dy))
