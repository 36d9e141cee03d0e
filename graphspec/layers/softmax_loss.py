"""The softmax (cross-entropy) loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Layer, Mode, Window
from graphspec.layers.scoring import expect_scores
from graphspec.tensor import TensorSpec


class SoftmaxLoss(Layer):
    """Cross-entropy of the softmax of the scores against the true class.

    Lᵢ = −log(e^{f_y} / Σⱼ e^{f_j}) = −f_y + log Σⱼ e^{f_j}, one value per example; the largest
    score is subtracted first, so that no exponential overflows. df = p − 1(j = y).

    Scores (N, C) and labels (N,) give losses (N,). At chance the loss is ln C.
    Source: CS231n notes, Linear classification, softmax classifier.
    """

    group: ClassVar[str] = "Loss"
    ports: ClassVar[tuple[str, ...]] = ("scores", "label")
    is_loss: ClassVar[bool] = True

    kind: Literal["softmax_loss"] = "softmax_loss"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Ten classes."""
        label = TensorSpec((), "int", 10)
        return (Example(cls(id="loss", inputs=("scores", "label")), (TensorSpec((10,)), label)),)

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((C), label of C) → one number per example."""
        return expect_scores(*inputs)

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = log Σⱼ e^{f_j} − f_y, with the largest score subtracted from all."""
        scores, label = xs
        shifted = scores - scores.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        total = exponentials.sum(axis=1, keepdims=True)
        losses = np.log(total[:, 0]) - shifted[np.arange(len(label)), label]
        return Forward(losses, (exponentials / total, label))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df = p − 1(j = y)."""
        probabilities, label = saved
        dscores = probabilities * dy[:, None]
        dscores[np.arange(len(label)), label] -= dy
        return Backward((dscores, None))

    def window(self) -> Window | None:
        """The loss sees every score."""
        return None

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The probabilities."""
        return inputs[0].size
