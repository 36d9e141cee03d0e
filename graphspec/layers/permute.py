"""Putting the axes in another order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, Field

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.tensor import TensorSpec


def _every_axis_once(axes: tuple[int, ...]) -> tuple[int, ...]:
    if sorted(axes) != list(range(len(axes))):
        raise ValueError(
            f"every axis from 0 to {len(axes) - 1} must stand here once, in the new order"
        )
    return axes


class Permute(Layer):
    """Permute: the axes in another order; [1, 0] transposes a matrix.

    Axis i of y is axis ``axes[i]`` of x: y[i₀, i₁, …] = x[…] with the indices reordered. dx is dy
    with the axes put back. Both are views.

    Source: numpy.transpose; ONNX operator Transpose.
    """

    group: ClassVar[str] = "Shape"

    kind: Literal["permute"] = "permute"
    """The name of this layer's type."""
    axes: Annotated[
        tuple[Annotated[int, Field(ge=0, le=7)], ...],
        Field(min_length=1, max_length=8),
        AfterValidator(_every_axis_once),
    ]
    """The axes of the input in the order of the output, the batch not counted."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A matrix transposed, channels last, and rows before channels."""
        return (
            Example(cls(id="turn", axes=(1, 0), inputs=("x",)), (TensorSpec((3, 4)),)),
            Example(cls(id="last", axes=(1, 2, 0), inputs=("x",)), (TensorSpec((2, 3, 4)),)),
            Example(cls(id="rows", axes=(1, 0, 2), inputs=("x",)), (TensorSpec((2, 3, 4)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The extents in their new order."""
        (x,) = inputs
        if len(x.shape) != len(self.axes):
            raise ShapeError(
                f"{len(self.axes)} axes are put in order, but this input, {x}, has "
                f"{len(x.shape)}. Name every axis once, the batch left out",
                code="rank",
                port="x",
                field="axes",
                arithmetic=f"{len(x.shape)} axes ≠ {len(self.axes)}",
            )
        return TensorSpec(tuple(x.shape[axis] for axis in self.axes))

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The axes in the new order."""
        return Forward(xs[0].transpose(self._order))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """The axes back in the old order."""
        return Backward((dy.transpose(np.argsort(self._order)),))

    def window(self) -> Window | None:
        """Places become channels, or change their direction."""
        return None

    @property
    def _order(self) -> tuple[int, ...]:
        return (0, *(axis + 1 for axis in self.axes))
