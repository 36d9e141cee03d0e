"""Adding inputs of equal shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Forward, Mode
from graphspec.layers.merging import Merging


class Add(Merging):
    """Sum of inputs of equal shape, such as the two paths around a residual block.

    y = x₁ + x₂ + …; dxᵢ = dy for every input (each is dy itself, not a copy).

    Source: He et al. 2015, Deep Residual Learning; CS231n notes, Backpropagation, the add gate.
    """

    group: ClassVar[str] = "Merge"

    kind: Literal["add"] = "add"
    """The name of this layer's type."""

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Add them up: y = x₁ + x₂ + …, in this order."""
        y = xs[0] + xs[1]
        for x in xs[2:]:
            y += x
        return Forward(y, (len(xs),))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dxᵢ = dy."""
        (count,) = saved
        return Backward((dy,) * count)
