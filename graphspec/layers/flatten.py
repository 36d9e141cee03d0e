"""Flattening an image into a vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode
from graphspec.tensor import TensorSpec


class Flatten(Layer):
    """Flatten: all axes of an example become one.

    y = x in row-major order: x (N, C, H, W), y (N, C·H·W), with y[c·H·W + i·W + j] = x[c, i, j].
    dx is dy in the shape of x. No number is copied: y is a view of x, and dx of dy.

    Source: CS231n notes, Convolutional Networks, converting FC layers to CONV layers.
    """

    group: ClassVar[str] = "Shape"

    kind: Literal["flatten"] = "flatten"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """An image, and a vector, which stays."""
        return (
            Example(cls(id="flat", inputs=("x",)), (TensorSpec((2, 3, 4)),)),
            Example(cls(id="flat", inputs=("x",)), (TensorSpec((5,)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(…) → (product of all)."""
        return TensorSpec((inputs[0].size,))

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The same numbers, one axis per example."""
        (x,) = xs
        return Forward(x.reshape(len(x), -1), (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy in the shape of x."""
        (shape,) = saved
        return Backward((dy.reshape(shape),))
