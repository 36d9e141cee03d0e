"""Taking a part of the input along an axis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.errors import ShapeError
from graphspec.layers.axes import expect_axis
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.tensor import TensorSpec


class Slice(Layer):
    """Slice: a range of one axis, such as some of the channels or the last step of a sequence.

    y = x[start:stop:step] along ``axis``; dx is dy where it came from, else 0. y is a view of x.

    Negative numbers count from the end: start −1 is the last one.
    Source: numpy slicing; ONNX operator Slice.
    """

    group: ClassVar[str] = "Shape"

    kind: Literal["slice"] = "slice"
    """The name of this layer's type."""
    axis: int = Field(default=0, ge=0, le=7)
    """The axis that gets shorter, the batch not counted: 0 is the channels of an image."""
    start: int = Field(default=0, ge=-(2**31), le=2**31 - 1)
    """The first place that is taken; negative counts from the end."""
    stop: int | None = None
    """The first place that is not taken any more; negative counts from the end, null goes to it."""
    step: int = Field(default=1, gt=0, le=2**31 - 1)
    """From one place that is taken to the next."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """The first features, the last step of a sequence, and every other row."""
        return (
            Example(cls(id="part", stop=3, inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="last", start=-1, inputs=("x",)), (TensorSpec((4, 3)),)),
            Example(cls(id="rows", axis=1, step=2, inputs=("x",)), (TensorSpec((2, 5, 3)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The axis gets shorter, all others stay."""
        (x,) = inputs
        expect_axis(x, self.axis)
        extent = x.shape[self.axis]
        for field, place in (("start", self.start), ("stop", self.stop)):
            if place is not None and not -extent <= place <= extent:
                raise ShapeError(
                    f"{field} {place} is outside the {extent} places of axis {self.axis}. "
                    f"Take a number from {-extent} to {extent}",
                    code="out-of-range",
                    port="x",
                    field=field,
                    arithmetic=f"{abs(place)} > {extent}",
                )
        taken = len(range(extent)[self.start : self.stop : self.step])
        if not taken:
            raise ShapeError(
                f"nothing would be left: places {self.start} to {self.stop} of {extent} are none. "
                "Let stop come after start, or be null",
                code="out-of-range",
                port="x",
                field="stop",
                arithmetic=f"{self.start}:{self.stop} of {extent} = 0 places",
            )
        return TensorSpec((*x.shape[: self.axis], taken, *x.shape[self.axis + 1 :]))

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """y = x[start:stop:step]."""
        (x,) = xs
        return Forward(x[self._part], (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dy where it came from."""
        (shape,) = saved
        dx = np.zeros(shape, dy.dtype)
        dx[self._part] = dy
        return Backward((dx,))

    def window(self) -> Window | None:
        """Along the channels every position stays by itself; along others places move."""
        return Window() if self.axis == 0 else None

    @property
    def _part(self) -> tuple[slice, ...]:
        whole = (slice(None),) * (self.axis + 1)
        return (*whole, slice(self.start, self.stop, self.step))
