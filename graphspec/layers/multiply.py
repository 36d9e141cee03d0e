"""Multiplying inputs of equal shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.layers.merging import expect_equal_shapes
from graphspec.tensor import TensorSpec


class Multiply(Layer):
    """Product of inputs of equal shape, number by number: one input gates the other.

    y = x₁·x₂·…; dxᵢ = dy·Π_{j ≠ i} xⱼ.

    Source: CS231n notes, Backpropagation, the multiply gate.
    """

    group: ClassVar[str] = "Merge"
    ports: ClassVar[tuple[str, ...]] = ("xs*",)

    kind: Literal["multiply"] = "multiply"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Two images, and three vectors."""
        image, vector = TensorSpec((2, 3, 4)), TensorSpec((5,))
        return (
            Example(cls(id="multiply", inputs=("a", "b")), (image, image)),
            Example(cls(id="multiply", inputs=("a", "b", "c")), (vector, vector, vector)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape that all inputs have."""
        return expect_equal_shapes(inputs, tuple(f"xs[{i}]" for i in range(len(inputs))))

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
