"""Cropping images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.layers.sliding import Margins, expect_image, sides
from graphspec.tensor import TensorSpec


class Crop2d(Layer):
    """Cropping: rows and columns are cut off around images, the opposite of pad2d.

    y[c, i, j] = x[c, i + P_top, j + P_left]; dx is dy, surrounded by zeros.

    x (N, C, H, W), y (N, C, H − P_top − P_bottom, W − P_left − P_right), a view of x.
    Source: Ronneberger et al. 2015, U-Net (its copies are cropped); Keras layer Cropping2D.
    """

    group: ClassVar[str] = "Shape"

    kind: Literal["crop2d"] = "crop2d"
    """The name of this layer's type."""
    crop: Margins
    """P, the rows and columns cut off: one number, [vertical, horizontal], or [top, right, bottom,
    left]."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """The same on all sides, and each side on its own."""
        return (
            Example(cls(id="crop", crop=1, inputs=("x",)), (TensorSpec((2, 4, 5)),)),
            Example(cls(id="crop", crop=(0, 1, 2, 3), inputs=("x",)), (TensorSpec((1, 5, 7)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(C, H, W) → (C, H − P_top − P_bottom, W − P_left − P_right)."""
        channels, *size = expect_image(inputs[0])
        before, after = sides(self.crop)
        for extent, low, high, name in zip(size, before, after, ("height", "width"), strict=True):
            if low + high >= extent:
                raise ShapeError(
                    f"nothing would be left of the {name}: {low} + {high} of {extent} are cut off. "
                    f"Cut off {extent - 1} at most",
                    code="out-of-range",
                    port="x",
                    field="crop",
                    arithmetic=f"{extent} − {low} − {high} = {extent - low - high}".replace(
                        "= -", "= −"
                    ),
                )
        height, width = (
            extent - low - high for extent, low, high in zip(size, before, after, strict=True)
        )
        return TensorSpec((channels, height, width))

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The part of x inside."""
        (x,) = xs
        return Forward(x[self._inside(x.shape)], (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dy, surrounded by zeros."""
        (shape,) = saved
        dx = np.zeros(shape, dy.dtype)
        dx[self._inside(shape)] = dy
        return Backward((dx,))

    def window(self) -> Window | None:
        """A pixel sees itself, further in than its number says."""
        top, left = sides(self.crop)[0]
        return Window(pad=(-top, -left))

    def _inside(self, shape: tuple[int, ...]) -> tuple[slice, ...]:
        (top, left), (bottom, right) = sides(self.crop)
        return (
            slice(None),
            slice(None),
            slice(top, shape[2] - bottom),
            slice(left, shape[3] - right),
        )
