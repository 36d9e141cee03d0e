"""Convolution over images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from pydantic import Field, model_validator

from graphspec.errors import ShapeError
from graphspec.initialisers.catalog import InitialiserSpec
from graphspec.initialisers.zeros import ZEROS
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, ParamSpec, Window
from graphspec.layers.sliding import (
    Extents,
    Pad,
    Sliding,
    as_pair,
    expect_image,
    place,
    receptive_window,
)
from graphspec.tensor import TensorSpec

# Columns of a whole batch can take gigabytes. In parts of 4 MB (float32) they stay in the caches,
# and making them again for backward costs less than keeping them.
COLUMNS_AT_ONCE = 2**20


class Conv2d(Layer):
    """Convolution: K filters slide over an image and take a weighted sum at every position.

    y[k, i, j] = b[k] + Σ_{c, u, v} w[k, c, u, v] · x[c, i·S + u·D − P, j·S + v·D − P]

    x (N, C, H, W), w (K, C/G, FH, FW), b (K,), y (N, K, OH, OW), with
    OH = (H − F_eff + 2P)/S + 1 and F_eff = F + (F − 1)(D − 1), and the same for the width. (It is
    the cross-correlation: the filters are not flipped.)

    Computed as one product of matrices: im2col copies every patch into a column,
    X_col (C·FH·FW, N·OH·OW), and Y = W_row · X_col. Backward: dW_row = dY · X_colᵀ, and
    dX_col = W_rowᵀ · dY is added back to the pixels that the columns were copied from.

    Source: CS231n notes, Convolutional Networks, convolutional layer.
    """

    group: ClassVar[str] = "Convolution"

    kind: Literal["conv2d"] = "conv2d"
    """The name of this layer's type."""
    filters: int = Field(gt=0, le=2**31 - 1)
    """K, the number of filters: the depth of the output."""
    kernel: Extents
    """F, the filters' extent in pixels: one number, or [height, width]."""
    stride: Extents = 1
    """S, the pixels from one position of the filters to the next: one number, or [vertical,
    horizontal]."""
    pad: Pad = 0
    """P, the rows and columns of zeros around the image: one number, [vertical, horizontal],
    [top, right, bottom, left] (clockwise, as in CSS; ONNX has top, left, bottom, right), or "same"
    for an output of ⌈H/S⌉ × ⌈W/S⌉, where an odd zero goes to the bottom or right."""
    dilation: Extents = 1
    """D, the pixels from one element of a filter to the next; 1 leaves no gaps (the notes count
    the gaps and call it 0)."""
    groups: int = Field(default=1, gt=0, le=2**31 - 1)
    """G: the channels and the filters are split into so many groups, each filter sees the
    channels of its own group only."""
    bias: bool = True
    """Whether to add b, one number per filter."""
    rounding: Literal["exact", "floor"] = "exact"
    """What to do when the filters do not tile the image: "exact" refuses, "floor" leaves the last
    rows and columns out."""
    init: InitialiserSpec | None = None
    """How the weights start; null takes what suits the activation that follows."""
    bias_init: InitialiserSpec | None = None
    """How the biases start; null: at zero."""

    @model_validator(mode="after")
    def _groups_share_the_filters(self) -> Self:
        if self.filters % self.groups:
            more = (self.filters // self.groups + 1) * self.groups
            raise ValueError(
                f"{self.filters} filters cannot be shared equally by {self.groups} groups: "
                f"make filters a multiple of groups, such as {more}"
            )
        return self

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Padding of every form, stride, rounding, dilation, groups, and one channel at a time."""
        image = TensorSpec((2, 5, 5))
        return (
            Example(cls(id="conv", filters=3, kernel=3, pad=1, inputs=("x",)), (image,)),
            Example(
                cls(id="conv", filters=2, kernel=(3, 2), stride=(2, 1), bias=False, inputs=("x",)),
                (TensorSpec((3, 5, 4)),),
            ),
            Example(
                cls(id="conv", filters=2, kernel=3, stride=2, pad="same", inputs=("x",)),
                (TensorSpec((1, 6, 5)),),
            ),
            Example(cls(id="conv", filters=1, kernel=2, pad=(0, 1, 2, 0), inputs=("x",)), (image,)),
            Example(
                cls(id="conv", filters=2, kernel=3, dilation=2, pad=(2, 1), inputs=("x",)),
                (image,),
            ),
            Example(
                cls(id="conv", filters=4, kernel=3, stride=2, rounding="floor", inputs=("x",)),
                (TensorSpec((1, 6, 8)),),
            ),
            Example(
                cls(id="conv", filters=6, kernel=2, groups=2, inputs=("x",)),
                (TensorSpec((4, 3, 3)),),
            ),
            Example(
                cls(id="depthwise", filters=3, kernel=3, pad=1, groups=3, inputs=("x",)),
                (TensorSpec((3, 4, 4)),),
            ),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(C, H, W) → (K, OH, OW)."""
        channels, height, width = expect_image(inputs[0])
        if channels % self.groups:
            raise ShapeError(
                f"{channels} channels cannot be shared equally by {self.groups} groups: "
                f"set groups to a divisor of {channels}",
                code="groups",
                port="x",
                field="groups",
                arithmetic=f"{channels}/{self.groups} = {channels / self.groups:.4g}",
            )
        return TensorSpec((self.filters, *self._place((height, width)).out))

    def params(self, *inputs: TensorSpec) -> Mapping[str, ParamSpec]:
        """``weight`` (K, C/G, FH, FW) and ``bias`` (K,)."""
        height, width = as_pair(self.kernel)
        channels = inputs[0].shape[0] // self.groups
        weight = ParamSpec(
            (self.filters, channels, height, width),
            self.init,
            fan_in=channels * height * width,
            fan_out=self.filters // self.groups * height * width,
        )
        if not self.bias:
            return {"weight": weight}
        bias = replace(weight, shape=(self.filters,), init=self.bias_init or ZEROS, decay=False)
        return {"weight": weight, "bias": bias}

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Y = W_row · X_col + b, a part of the batch at a time."""
        (x,) = xs
        sliding = self._place(x.shape[2:])
        w_row = params["weight"].reshape(self.groups, self.filters // self.groups, -1)
        y = np.empty((len(x), self.filters, *sliding.out), x.dtype)
        for part in self._parts(x.shape, sliding):
            y_row = (w_row @ self._im2col(x[part], sliding)).reshape(self.filters, -1)
            if self.bias:
                y_row += params["bias"][:, None]
            y[part] = y_row.reshape(self.filters, -1, *sliding.out).swapaxes(0, 1)
        return Forward(y, (x,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dW_row = dY · X_colᵀ, dX_col = W_rowᵀ · dY, db = Σ dY."""
        (x,) = saved
        sliding = self._place(x.shape[2:])
        w_row = params["weight"].reshape(self.groups, self.filters // self.groups, -1)
        dw_row = np.zeros_like(w_row)
        dx = np.empty(x.shape, x.dtype) if need_dx else None
        for part in self._parts(x.shape, sliding):
            dy_row = dy[part].swapaxes(0, 1).reshape(*w_row.shape[:2], -1)
            dw_row += dy_row @ self._im2col(x[part], sliding).swapaxes(1, 2)
            if dx is not None:
                dx[part] = self._col2im(w_row.swapaxes(1, 2) @ dy_row, x[part].shape, sliding)
        dparams = {"weight": dw_row.reshape(params["weight"].shape)}
        if self.bias:
            dparams["bias"] = dy.sum(axis=(0, 2, 3))
        return Backward((dx,), dparams)

    def macs(self, *inputs: TensorSpec) -> int:
        """K·OH·OW · C/G·FH·FW."""
        height, width = as_pair(self.kernel)
        return self.infer(*inputs).size * inputs[0].shape[0] // self.groups * height * width

    def window(self) -> Window | None:
        """The dilated kernel."""
        return receptive_window(self.kernel, self.stride, self.pad, self.dilation)

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """X_col or dX_col, dY and the padded images of one part of the batch."""
        channels, height, width = inputs[0].shape
        sliding = self._place((height, width))
        columns = self._columns(channels, sliding)
        examples = min(batch, max(1, COLUMNS_AT_ONCE // columns))
        rows, row = sliding.padded
        return examples * (columns + self.infer(*inputs).size + channels * rows * row)

    def _place(self, size: tuple[int, ...]) -> Sliding:
        height, width = size
        return place(
            (height, width), self.kernel, self.stride, self.pad, self.dilation, self.rounding
        )

    def _columns(self, channels: int, sliding: Sliding) -> int:
        """How many numbers one image's columns have."""
        (height, width), (rows, row) = sliding.kernel, sliding.out
        return channels * height * width * rows * row

    def _parts(self, shape: tuple[int, ...], sliding: Sliding) -> Iterator[slice]:
        """Split the batch so that the columns of one part fit in the caches."""
        step = max(1, COLUMNS_AT_ONCE // self._columns(shape[1], sliding))
        for start in range(0, shape[0], step):
            yield slice(start, start + step)

    def _im2col(self, x: Array, sliding: Sliding) -> Array:
        """Copy every patch into a column: (N, C, H, W) → (G, C/G·FH·FW, N·OH·OW)."""
        xp = sliding.pad(x)
        (kh, kw), (sh, sw), (dh, dw) = sliding.kernel, sliding.stride, sliding.dilation
        reach = ((kh - 1) * dh + 1, (kw - 1) * dw + 1)
        patches = sliding_window_view(xp, reach, axis=(2, 3))[:, :, ::sh, ::sw, ::dh, ::dw]
        patches = patches.transpose(1, 4, 5, 0, 2, 3)  # C, FH, FW, N, OH, OW
        return patches.reshape(self.groups, len(patches) // self.groups * kh * kw, -1)

    def _col2im(self, columns: Array, shape: tuple[int, ...], sliding: Sliding) -> Array:
        """Add every column back to the pixels that im2col copied it from."""
        n, c = shape[:2]
        patches = columns.reshape(c, *sliding.kernel, n, *sliding.out)
        dxp = np.zeros((c, n, *sliding.padded), columns.dtype)
        for i, j, at in sliding.positions():
            dxp[at] += patches[:, i, j]
        return sliding.crop(dxp).swapaxes(0, 1)
