"""The transposed 2-D convolution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from graphspec.errors import ShapeError
from graphspec.initialisers.catalog import InitialiserSpec
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, ParamSpec, Window
from graphspec.layers.sliding import (
    Amounts,
    Extents,
    Margins,
    Sliding,
    as_pair,
    expect_image,
    place,
    sides,
)
from graphspec.tensor import TensorSpec, effective_kernel


class ConvTranspose2d(Layer):
    """Transposed 2-D convolution: every pixel stamps a filter onto a larger image.

    y[k, i·S + u·D − P, j·S + v·D − P] += Σ_c x[c, i, j]·w[c, k, u, v], plus b[k]

    x (N, C, H, W), w (C, K, F, F), b (K,), y (N, K, OH, OW) with
    OH = (H − 1)·S − 2P + (F − 1)·D + 1 + A, and the same for the width. It is the backward pass
    of a convolution with the same fields, and that convolution's forward is its backward: with the
    patches of dy as columns, dx = W·dY_col, dW = X·dY_colᵀ, db = Σ dy.

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic; CS231n notes, Understanding
    and Visualizing Convolutional Neural Networks (deconvnet).
    """

    group: ClassVar[str] = "Convolution"

    kind: Literal["conv_transpose2d"] = "conv_transpose2d"
    """The name of this layer's type."""
    filters: int = Field(gt=0, le=2**31 - 1)
    """K, the number of filters: the depth of the output."""
    kernel: Extents
    """F, the filters' extent in pixels: one number, or [height, width]."""
    stride: Extents = 1
    """S, the pixels of the output from one stamp to the next: how much larger it gets."""
    pad: Margins = 0
    """P, the rows and columns that are cut off the stamped image: one number, [vertical,
    horizontal], or [top, right, bottom, left]."""
    extra: Amounts = 0
    """A, rows and columns added at the bottom and right, less than the stride: of the sizes that a
    convolution would have brought to this one, which it was (PyTorch's output_padding)."""
    dilation: Extents = 1
    """D, the pixels from one element of a filter to the next; 1 leaves no gaps."""
    bias: bool = True
    """Whether to add b, one number per filter."""
    init: InitialiserSpec | None = None
    """How the weights start; null takes what suits the activation that follows."""

    @model_validator(mode="after")
    def _extra_is_less_than_a_stride(self) -> Self:
        for extra, stride in zip(as_pair(self.extra), as_pair(self.stride), strict=True):
            if extra >= stride:
                raise ValueError(
                    f"extra {extra} is not less than the stride {stride}: no pixel reaches rows "
                    f"beyond the next stamp. Set extra to {stride - 1} or less"
                )
        return self

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Twice as large, overlapping stamps, an extra row, and gaps."""
        return (
            Example(
                cls(id="up", filters=2, kernel=2, stride=2, inputs=("x",)), (TensorSpec((3, 3, 2)),)
            ),
            Example(
                cls(id="up", filters=2, kernel=3, pad=1, bias=False, inputs=("x",)),
                (TensorSpec((2, 4, 3)),),
            ),
            Example(
                cls(id="up", filters=1, kernel=3, stride=2, pad=1, extra=1, inputs=("x",)),
                (TensorSpec((2, 3, 3)),),
            ),
            Example(
                cls(
                    id="up",
                    filters=2,
                    kernel=(2, 3),
                    stride=(1, 2),
                    dilation=2,
                    pad=(0, 1, 1, 2),
                    inputs=("x",),
                ),
                (TensorSpec((1, 3, 4)),),
            ),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(C, H, W) → (K, OH, OW)."""
        _, height, width = expect_image(inputs[0])
        before, after = sides(self.pad)
        out = self._size((height, width))
        for axis, extent in enumerate(out):
            if extent <= 0:
                raise ShapeError(
                    f"pad cuts {before[axis]} + {after[axis]} off, and the stamped image has only "
                    f"{extent + before[axis] + after[axis]}. Make pad smaller or the kernel larger",
                    code="window-too-large",
                    port="x",
                    fields=("kernel", "pad"),
                    arithmetic=f"{extent + before[axis] + after[axis]} − {before[axis]} − "
                    f"{after[axis]} = {extent}".replace("= -", "= −"),
                )
        return TensorSpec((self.filters, *out))

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``weight`` (C, K, FH, FW) and ``bias`` (K,)."""
        channels, (height, width) = inputs[0].shape[0], as_pair(self.kernel)
        weight = ParamSpec(
            (channels, self.filters, height, width),
            self.init,
            fan_in=channels * height * width,
            fan_out=self.filters * height * width,
        )
        if not self.bias:
            return {"weight": weight}
        return {"weight": weight, "bias": ParamSpec((self.filters,), ZEROS, decay=False)}

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Every pixel's stamps, added up where they overlap."""
        (x,) = xs
        n, c = x.shape[:2]
        sliding = self._place(x.shape[2:])
        stamps = params["weight"].reshape(c, -1).T @ x.reshape(n, c, -1)
        stamps = stamps.reshape(n, self.filters, *sliding.kernel, *x.shape[2:])
        yp = np.zeros((n, self.filters, *sliding.padded), x.dtype)
        for i, j, at in sliding.positions():
            yp[at] += stamps[:, :, i, j]
        y = np.ascontiguousarray(sliding.crop(yp))
        if self.bias:
            y += params["bias"][:, None, None]
        return Forward(y, (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = W · dY_col, dW = X · dY_colᵀ, db = Σ dy."""
        (x,) = saved
        n, c = x.shape[:2]
        sliding = self._place(x.shape[2:])
        dyp = sliding.pad(dy)
        columns = np.stack([dyp[at] for _, _, at in sliding.positions()], axis=2)
        columns = columns.reshape(n, -1, x[0, 0].size)  # N, K·FH·FW, H·W
        dw = (x.reshape(n, c, -1) @ columns.swapaxes(1, 2)).sum(axis=0)
        dparams = {"weight": dw.reshape(params["weight"].shape)}
        if self.bias:
            dparams["bias"] = dy.sum(axis=(0, 2, 3))
        dx = None
        if need_dx:
            dx = (params["weight"].reshape(c, -1) @ columns).reshape(x.shape)
        return Backward((dx,), dparams)

    def macs(self, *inputs: TensorSpec) -> int:
        """C·H·W · K·FH·FW."""
        height, width = as_pair(self.kernel)
        return inputs[0].size * self.filters * height * width

    def window(self) -> Window | None:
        """Neighbouring outputs see the same pixels: no whole stride from one to the next."""
        return None

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The stamps, or dY_col, the stamped image, and dw before it is added up."""
        channels, rows, row = inputs[0].shape
        height, width = as_pair(self.kernel)
        stamps = self.filters * height * width
        padded = self._place((rows, row)).padded
        return batch * (stamps * (rows * row + channels) + self.filters * padded[0] * padded[1])

    def _size(self, size: tuple[int, int]) -> tuple[int, int]:
        """The output's height and width."""
        before, after = sides(self.pad)
        height, width = (
            (extent - 1) * s + effective_kernel(k, d) - lo - hi + more
            for extent, s, k, d, lo, hi, more in zip(
                size,
                as_pair(self.stride),
                as_pair(self.kernel),
                as_pair(self.dilation),
                before,
                after,
                as_pair(self.extra),
                strict=True,
            )
        )
        return height, width

    def _place(self, size: tuple[int, ...]) -> Sliding:
        """Where the windows of the convolution lie that would lead back to x."""
        height, width = size
        out = self._size((height, width))
        return place(out, self.kernel, self.stride, self.pad, self.dilation, "floor")
