"""Dividing one input by another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.layers.merging import expect_equal_shapes
from graphspec.tensor import TensorSpec


class Divide(Layer):
    """Quotient of two inputs of equal shape, number by number.

    y = a/b; da = dy/b, db = −dy·a/b² = −da·y.

    Where b is 0 the quotient is infinite or not a number, and training stops with the layer's name.
    Source: CS231n notes, Backpropagation, staged computation (the multiply gate after a 1/x gate).
    """

    group: ClassVar[str] = "Gate"
    ports: ClassVar[tuple[str, ...]] = ("a", "b")

    kind: Literal["divide"] = "divide"
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
