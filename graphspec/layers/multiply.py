"""Multiplying inputs of equal shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.merging import Merging


class Multiply(Merging):
    """Product of inputs of equal shape, number by number: one input gates the other.

    y = x₁·x₂·…; dxᵢ = dy·Π_{j ≠ i} xⱼ.

    Source: CS231n notes, Backpropagation, the multiply gate.
    """

    group: ClassVar[str] = "Merge"

    kind: Literal["multiply"] = "multiply"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Multiply them: y = x₁·x₂·…, in this order."""
        y = xs[0] * xs[1]
        for x in xs[2:]:
            y *= x
        return Forward(y, xs)

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dxᵢ = dy·Π_{j ≠ i} xⱼ, without dividing y by xᵢ, which may be 0."""
        dxs = []
        for i in range(len(saved)):
            dx = dy
            for x in (*saved[:i], *saved[i + 1 :]):
                dx = dx * x
            dxs.append(dx)
        return Backward(tuple(dxs))
