"""What the two pooling layers share: their fields and where their windows lie."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from graphspec.layers.base import Layer, Window
from graphspec.layers.sliding import (
    Extents,
    Pad,
    Sliding,
    as_pair,
    expect_image,
    place,
    receptive_window,
    sides,
)
from graphspec.tensor import Rounding, TensorSpec


class Pooling(Layer):
    """A window that slides over each channel on its own; it has no parameters."""

    group: ClassVar[str] = "Pooling"

    kernel: Extents
    """F, the window's extent in pixels: one number, or [height, width]."""
    stride: Extents | None = None
    """S, the pixels from one window to the next: one number, or [vertical, horizontal]; null
    takes the kernel, so that the windows neither overlap nor leave gaps."""
    pad: Pad = 0
    """P, the rows and columns added around the image: one number, [vertical, horizontal],
    [top, right, bottom, left] (clockwise, as in CSS; ONNX has top, left, bottom, right), or "same"
    for an output of ⌈H/S⌉ × ⌈W/S⌉, where an odd one goes to the bottom or right. Less than the
    kernel, so that every window sees a pixel."""
    rounding: Rounding = "exact"
    """What to do when the windows do not tile the image: "exact" refuses, "floor" leaves the last
    rows and columns out, "ceil" adds a window that hangs over the edge."""

    @model_validator(mode="after")
    def _every_window_sees_a_pixel(self) -> Self:
        if self.pad == "same":
            return self
        before, after = sides(self.pad)
        for axis, extent in enumerate(as_pair(self.kernel)):
            pad = max(before[axis], after[axis])
            if pad >= extent:
                raise ValueError(
                    f"pad {pad} is not less than the kernel's {extent}: the outermost windows "
                    f"would see no pixel at all. Set pad to {extent - 1} or less"
                )
        return self

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(C, H, W) → (C, OH, OW)."""
        channels, height, width = expect_image(inputs[0])
        return TensorSpec((channels, *self._place((height, width)).out))

    def window(self) -> Window | None:
        """The kernel."""
        return receptive_window(self.kernel, self._stride, self.pad)

    @property
    def _stride(self) -> int | tuple[int, int]:
        return self.kernel if self.stride is None else self.stride

    def _place(self, size: tuple[int, ...]) -> Sliding:
        height, width = size
        return place((height, width), self.kernel, self._stride, self.pad, rounding=self.rounding)
