"""Padding images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.layers.sliding import Margins, expect_image, sides
from graphspec.tensor import TensorSpec


class Pad2d(Layer):
    """Padding: rows and columns are added around images.

    y[c, i, j] = x[c, i − P_top, j − P_left] inside; outside it is ``value``, the pixel at the edge,
    or the mirrored image. dx is the part of dy inside, plus what the pixels outside pass back to
    those that they copied.

    x (N, C, H, W), y (N, C, H + P_top + P_bottom, W + P_left + P_right).
    Source: CS231n notes, Convolutional Networks, use of zero-padding; numpy.pad.
    """

    group: ClassVar[str] = "Shape"

    kind: Literal["pad2d"] = "pad2d"
    """The name of this layer's type."""
    pad: Margins
    """P, the rows and columns added: one number, [vertical, horizontal], or [top, right, bottom,
    left]."""
    mode: Literal["constant", "edge", "reflect"] = "constant"
    """What is added: ``value``, the nearest pixel, or the image mirrored at its outermost pixels
    (again and again, if it is smaller than the pad)."""
    value: float = 0.0
    """The number added in the mode "constant"."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Zeros all around, another number, edges, and mirrors."""
        image = (TensorSpec((2, 3, 4)),)
        return (
            Example(cls(id="pad", pad=1, inputs=("x",)), image),
            Example(cls(id="pad", pad=(1, 0), value=-1.0, inputs=("x",)), image),
            Example(cls(id="pad", pad=(0, 1, 2, 3), mode="edge", inputs=("x",)), image),
            Example(cls(id="pad", pad=2, mode="reflect", inputs=("x",)), image),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(C, H, W) → (C, H + P_top + P_bottom, W + P_left + P_right)."""
        channels, height, width = expect_image(inputs[0])
        (top, left), (bottom, right) = sides(self.pad)
        return TensorSpec((channels, top + height + bottom, left + width + right))

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Copy the pixels to where they are seen."""
        (x,) = xs
        (top, left), (bottom, right) = sides(self.pad)
        if self.mode == "constant":
            around = ((0, 0), (0, 0), (top, bottom), (left, right))
            return Forward(np.pad(x, around, constant_values=self.value), (x.shape,))
        rows, columns = self._sources(x.shape)
        return Forward(x[:, :, rows[:, None], columns], (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """Add every dy to the pixel that was copied there."""
        (shape,) = saved
        if self.mode == "constant":
            top, left = sides(self.pad)[0]
            return Backward((dy[:, :, top : top + shape[2], left : left + shape[3]],))
        rows, columns = self._sources(shape)
        dx = np.zeros(shape, dy.dtype)
        gathered = np.zeros((*shape[:3], dy.shape[3]), dy.dtype)
        for i, row in enumerate(rows):
            gathered[:, :, row] += dy[:, :, i]
        for j, column in enumerate(columns):
            dx[..., column] += gathered[..., j]
        return Backward((dx,))

    def window(self) -> Window | None:
        """A pixel sees itself; in a mirror it sees one that is further away."""
        return Window(pad=sides(self.pad)[0]) if self.mode == "constant" else None

    def _sources(self, shape: tuple[int, ...]) -> tuple[Array, Array]:
        """Which row each row of y is copied from, and which column each column."""
        (top, left), (bottom, right) = sides(self.pad)
        mode: Literal["edge", "reflect"] = "edge" if self.mode == "edge" else "reflect"
        rows = np.pad(np.arange(shape[2]), (top, bottom), mode=mode)
        return rows, np.pad(np.arange(shape[3]), (left, right), mode=mode)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """For edges and mirrors: dy, gathered into the rows of x."""
        return 0 if self.mode == "constant" else 2 * batch * self.infer(*inputs).size
