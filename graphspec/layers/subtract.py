"""Subtracting one input from another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.layers.merging import expect_equal_shapes
from graphspec.tensor import TensorSpec


class Subtract(Layer):
    """Difference of two inputs of equal shape, number by number.

    y = a − b; da = dy, db = −dy.

    Source: CS231n notes, Backpropagation, the add gate with a negated input.
    """

    group: ClassVar[str] = "Gate"
    ports: ClassVar[tuple[str, ...]] = ("a", "b")

    kind: Literal["subtract"] = "subtract"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over features and over an image."""
        vector, image = TensorSpec((5,)), TensorSpec((2, 3, 4))
        return (
            Example(cls(id="f", inputs=("a", "b")), (vector, vector)),
            Example(cls(id="f", inputs=("a", "b")), (image, image)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape that both inputs have."""
        return expect_equal_shapes(inputs, self.ports)

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
