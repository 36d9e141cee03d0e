"""The logistic loss, for yes-or-no answers."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.scoring import YesOrNoLoss, expect_target, expect_yes_or_no
from graphspec.tensor import TensorSpec


class LogisticLoss(YesOrNoLoss):
    """Logistic loss: the cross-entropy of σ(f) against 0 or 1, for one answer or for many.

    Lᵢ = −Σⱼ (yⱼ·log σ(fⱼ) + (1 − yⱼ)·log(1 − σ(fⱼ))), one value per example; dfⱼ = σ(fⱼ) − yⱼ.
    Computed as max(f, 0) − y·f + log(1 + e^−|f|), which cannot overflow.

    One score (N, 1) or (N,) and labels (N,) make a binary classifier, class 1 where f > 0. Scores
    (N, K) and labels (N, K) of two classes, an input such as ``{"shape": [K], "classes": 2}``, tell
    K attributes, each on its own. With all scores zero the loss is K·ln 2.

    Targets that are probabilities, y in [0, 1] (N, K), are read from an input with the shape of the
    scores and no classes; and class probabilities (N, …, 2) may be fed in the place of labels, as
    mixup does. The formulas stay the same.
    Source: CS231n notes, Neural Networks 2, loss functions, attribute classification.
    """

    takes_distributions: ClassVar[bool] = True
    open_ports: ClassVar[tuple[str, ...]] = ("label",)

    kind: Literal["logistic_loss"] = "logistic_loss"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """One answer, four attributes, a bare score, and targets that are probabilities."""
        label, names = TensorSpec((), "int", 2), ("scores", "label")
        return (
            Example(cls(id="loss", inputs=names), (TensorSpec((1,)), label)),
            Example(cls(id="loss", inputs=names), (TensorSpec((4,)), TensorSpec((4,), "int", 2))),
            Example(cls(id="loss", inputs=names), (TensorSpec(()), label)),
            Example(cls(id="loss", inputs=names), (TensorSpec((3,)), TensorSpec((3,)))),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((K), K labels of 2, or K probabilities) → one number per example."""
        if inputs[1].dtype == "float":
            return expect_target(inputs, self.ports)
        return expect_yes_or_no(*inputs)

    def chance_loss(self, *inputs: TensorSpec) -> float | None:
        """K·ln 2."""
        return inputs[0].size * log(2)

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = Σ max(f, 0) − y·f + log(1 + e^−|f|)."""
        scores, label = xs
        # Of class probabilities, that of class 1.
        y = label[..., 1] if label.size == 2 * scores.size else label
        y = y.astype(scores.dtype).reshape(scores.shape)
        e = np.exp(-np.abs(scores))
        terms = np.maximum(scores, 0) - y * scores + np.log1p(e)
        probability = np.where(scores >= 0, 1, e) / (1 + e)
        is_target = label.dtype.kind == "f" and label.shape == scores.shape
        return Forward(
            terms.reshape(len(terms), -1).sum(axis=1),
            (probability - y, scores if is_target else None),
        )

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df = σ(f) − y, and dy = −f for a target that is a probability."""
        delta, scores = saved
        dy = dy.reshape(-1, *[1] * (delta.ndim - 1))
        return Backward((delta * dy, None if scores is None else -scores * dy))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """σ(f) − y."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The exponentials, the labels, the terms and the parts of both."""
        return 5 * batch * inputs[0].size
