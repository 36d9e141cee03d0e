"""Global average pooling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.layers.sliding import expect_image
from graphspec.tensor import TensorSpec


class GlobalAvgPool2d(Layer):
    """Global average pooling: the mean of each channel over the whole image.

    y[c] = (1/(H·W)) Σ_{i, j} x[c, i, j]; x (N, C, H, W), y (N, C). dx = dy/(H·W) at every pixel.

    It takes images of any size to a vector of fixed length without a parameter.
    Source: Lin, Chen and Yan 2013, Network In Network; CS231n notes, Convolutional Networks, case
    studies (GoogLeNet).
    """

    group: ClassVar[str] = "Pooling"

    kind: Literal["global_avg_pool2d"] = "global_avg_pool2d"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A square image and an oblong one."""
        return (
            Example(cls(id="gap", inputs=("x",)), (TensorSpec((3, 4, 4)),)),
            Example(cls(id="gap", inputs=("x",)), (TensorSpec((1, 2, 5)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """(C, H, W) → (C)."""
        channels, _, _ = expect_image(inputs[0])
        return TensorSpec((channels,))

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """The mean over height and width."""
        (x,) = xs
        return Forward(x.mean(axis=(2, 3)), (x.shape,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """dx = dy/(H·W) at every pixel."""
        (shape,) = saved
        if not need_dx:
            return Backward((None,))
        share = dy / (shape[2] * shape[3])
        return Backward((np.repeat(share, shape[2] * shape[3], axis=1).reshape(shape),))

    def window(self) -> Window | None:
        """Every output sees the whole image."""
        return None
