"""Adding a constant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.elementwise import Elementwise
from graphspec.tensor import TensorSpec


class AddConstant(Elementwise):
    """Sum of every number and a constant: the c + x gate.

    y = x + c; dx = dy.

    The constant is a setting, not learned.
    Source: CS231n notes, Backpropagation, the sigmoid example.
    """

    group: ClassVar[str] = "Gate"

    kind: Literal["add_constant"] = "add_constant"
    """The name of this layer's type."""
    constant: float = 1.0
    """c, the number that is added."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over features, and a negative one over an image."""
        return (
            Example(cls(id="f", constant=2.0, inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="f", constant=-0.5, inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x + c."""
        (x,) = xs
        return Forward(x + self.constant)

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy."""
        return Backward((dy,))
