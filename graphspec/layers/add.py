"""Adding inputs of equal shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.layers.merging import expect_equal_shapes
from graphspec.tensor import TensorSpec


class Add(Layer):
    """Sum of inputs of equal shape, such as the two paths around a residual block.

    y = x₁ + x₂ + …; dxᵢ = dy for every input (each is dy itself, not a copy).

    Source: He et al. 2015, Deep Residual Learning; CS231n notes, Backpropagation, the add gate.
    """

    group: ClassVar[str] = "Merge"
    ports: ClassVar[tuple[str, ...]] = ("xs*",)

    kind: Literal["add"] = "add"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Two images, and three vectors."""
        image, vector = TensorSpec((2, 3, 4)), TensorSpec((5,))
        return (
            Example(cls(id="add", inputs=("a", "b")), (image, image)),
            Example(cls(id="add", inputs=("a", "b", "c")), (vector, vector, vector)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape that all inputs have."""
        return expect_equal_shapes(inputs, tuple(f"xs[{i}]" for i in range(len(inputs))))

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
