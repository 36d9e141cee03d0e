"""Putting inputs side by side."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.errors import ShapeError
from graphspec.layers.axes import expect_axis
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.tensor import TensorSpec


class Concat(Layer):
    """Concatenation: the inputs side by side along one axis, such as the channels.

    y = [x₁, x₂, …] along ``axis``: (N, C₁, H, W) and (N, C₂, H, W) give (N, C₁ + C₂, H, W). dxᵢ is
    the part of dy that came from xᵢ (a view of it).

    Source: Szegedy et al. 2014, Going Deeper with Convolutions (the inception module); CS231n
    notes, Convolutional Networks, case studies.
    """

    group: ClassVar[str] = "Merge"
    ports: ClassVar[tuple[str, ...]] = ("xs*",)

    kind: Literal["concat"] = "concat"
    """The name of this layer's type."""
    axis: int = Field(default=0, ge=0, le=7)
    """The axis that grows, the batch not counted: 0 is the channels of an image, and the features
    of a vector."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Channels, features, and the rows of images."""
        return (
            Example(
                cls(id="cat", inputs=("a", "b")), (TensorSpec((2, 3, 4)), TensorSpec((1, 3, 4)))
            ),
            Example(
                cls(id="cat", inputs=("a", "b", "c")),
                (TensorSpec((5,)), TensorSpec((2,)), TensorSpec((5,))),
            ),
            Example(
                cls(id="cat", axis=1, inputs=("a", "b")),
                (TensorSpec((2, 3, 4)), TensorSpec((2, 1, 4))),
            ),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The extents along the axis are added; all others must agree."""
        first = inputs[0]
        expect_axis(first, self.axis, port="xs[0]")
        for i, x in enumerate(inputs):
            self._expect_fit(first, x, f"xs[{i}]")
        total = sum(x.shape[self.axis] for x in inputs)
        return TensorSpec((*first.shape[: self.axis], total, *first.shape[self.axis + 1 :]))

    def _expect_fit(self, first: TensorSpec, x: TensorSpec, port: str) -> None:
        if len(x.shape) != len(first.shape):
            raise ShapeError(
                f"all inputs need the same number of axes, but xs[0] is {first} and {port} is {x}. "
                "Add a flatten or reshape in front of one of them",
                code="rank",
                port=port,
                arithmetic=f"{len(first.shape)} axes ≠ {len(x.shape)}",
            )
        for axis, (expected, got) in enumerate(zip(first.shape, x.shape, strict=True)):
            if axis != self.axis and expected != got:
                raise ShapeError(
                    f"the inputs may differ along axis {self.axis} only, but along axis {axis} "
                    f"xs[0] ({first}) has {expected} and {port} ({x}) has {got}. "
                    "Give both paths the same strides and padding, or change axis",
                    code="concat-extent",
                    port=port,
                    field="axis",
                    arithmetic=f"{expected} ≠ {got}",
                )

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = [x₁, x₂, …]."""
        axis = self.axis + 1
        return Forward(np.concatenate(xs, axis), tuple(x.shape[axis] for x in xs))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dxᵢ is its part of dy."""
        *ends, _ = accumulate(saved)
        return Backward(tuple(np.split(dy, ends, self.axis + 1)))

    def window(self) -> Window | None:
        """Along the channels every position stays by itself; other axes mix positions."""
        return Window() if self.axis == 0 else None
