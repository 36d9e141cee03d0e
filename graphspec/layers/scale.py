"""Multiplying by a constant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec


class Scale(Elementwise):
    """Product of every number and a constant: the a·x gate.

    y = a·x; dx = a·dy.

    The constant is a setting, not learned. A factor of −1 negates.
    Source: CS231n notes, Backpropagation, the sigmoid example.
    """

    group: ClassVar[str] = "Gate"

    kind: Literal["scale"] = "scale"
    """The name of this layer's type."""
    factor: float = 1.0
    """a, the number that everything is multiplied by."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over features, and a negative one over an image."""
        return (
            Example(cls(id="f", factor=2.0, inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="f", factor=-0.5, inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = a·x."""
        (x,) = xs
        return Forward(self.factor * x)

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = a·dy."""
        return Backward((self.factor * dy,))
