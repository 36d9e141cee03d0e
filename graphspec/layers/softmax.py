"""The softmax, which makes scores into probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.layers.axes import expect_axis
from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.tensor import TensorSpec


class Softmax(Layer):
    """Softmax: scores become probabilities, which are positive and sum to one.

    pₖ = e^{fₖ} / Σⱼ e^{fⱼ}, over one axis; the largest score is subtracted first, so that no
    exponential overflows. df = p·(dp − Σⱼ dpⱼ·pⱼ).

    To train a classifier, use softmax_loss on the scores instead: it takes the logarithm exactly.
    Source: CS231n notes, Linear classification, softmax classifier.
    """

    group: ClassVar[str] = "Activation"

    kind: Literal["softmax"] = "softmax"
    """The name of this layer's type."""
    axis: int = Field(default=0, ge=0, le=7)
    """The axis that sums to one, the batch not counted: 0 is the classes of a vector of scores,
    and the channels of an image."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Over classes, over an image's channels at every pixel, and over the last axis."""
        return (
            Example(cls(id="p", inputs=("x",)), (TensorSpec((5,)),)),
            Example(cls(id="p", inputs=("x",)), (TensorSpec((3, 2, 2)),)),
            Example(cls(id="p", axis=1, inputs=("x",)), (TensorSpec((2, 4)),)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """The shape stays."""
        (x,) = inputs
        expect_axis(x, self.axis)
        return x

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """p = e^f / Σ e^f, with the largest score subtracted from all."""
        (x,) = xs
        y = np.exp(x - x.max(axis=self.axis + 1, keepdims=True))
        y /= y.sum(axis=self.axis + 1, keepdims=True)
        return Forward(y, (y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df = p·(dp − Σ dp·p)."""
        (y,) = saved
        return Backward((y * (dy - (dy * y).sum(axis=self.axis + 1, keepdims=True)),))

    def window(self) -> Window | None:
        """Over channels every position stays by itself; over another axis all are mixed."""
        return Window() if self.axis == 0 else None

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """dp − Σ dp·p, and the products before they are summed."""
        return 2 * batch * inputs[0].size
