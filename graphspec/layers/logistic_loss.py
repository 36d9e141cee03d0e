"""The logistic loss, for yes-or-no answers."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.scoring import Loss, expect_yes_or_no
from graphspec.tensor import TensorSpec


class LogisticLoss(Loss):
    """Logistic loss: the cross-entropy of σ(f) against 0 or 1, for one answer or for many.

    Lᵢ = −Σⱼ (yⱼ·log σ(fⱼ) + (1 − yⱼ)·log(1 − σ(fⱼ))), one value per example; dfⱼ = σ(fⱼ) − yⱼ.
    Computed as max(f, 0) − y·f + log(1 + e^−|f|), which cannot overflow.

    One score (N, 1) or (N,) and labels (N,) make a binary classifier, class 1 where f > 0. Scores
    (N, K) and labels (N, K) of two classes, an input such as ``{"shape": [K], "classes": 2}``, tell
    K attributes, each on its own. With all scores zero the loss is K·ln 2.
    Source: CS231n notes, Neural Networks 2, loss functions, attribute classification.
    """

    kind: Literal["logistic_loss"] = "logistic_loss"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """One answer, four attributes, and a bare score."""
        label, names = TensorSpec((), "int", 2), ("scores", "label")
        return (
            Example(cls(id="loss", inputs=names), (TensorSpec((1,)), label)),
            Example(cls(id="loss", inputs=names), (TensorSpec((4,)), TensorSpec((4,), "int", 2))),
            Example(cls(id="loss", inputs=names), (TensorSpec(()), label)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((K), K labels of 2) → one number per example."""
        return expect_yes_or_no(*inputs)

    def chance_loss(self, *inputs: TensorSpec) -> float | None:
        """K·ln 2."""
        return inputs[0].size * log(2)

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = Σ max(f, 0) − y·f + log(1 + e^−|f|)."""
        scores, label = xs
        y = label.astype(scores.dtype).reshape(scores.shape)
        e = np.exp(-np.abs(scores))
        terms = np.maximum(scores, 0) - y * scores + np.log1p(e)
        probability = np.where(scores >= 0, 1, e) / (1 + e)
        return Forward(terms.reshape(len(terms), -1).sum(axis=1), (probability - y,))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df = σ(f) − y."""
        (delta,) = saved
        return Backward((delta * dy.reshape(-1, *[1] * (delta.ndim - 1)), None))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """σ(f) − y."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The exponentials, the labels, the terms and the parts of both."""
        return 5 * batch * inputs[0].size
