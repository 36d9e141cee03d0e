"""The hinge loss over attributes, each of which an example has or not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import Field

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.scoring import YesOrNoLoss, expect_yes_or_no
from graphspec.tensor import TensorSpec


class AttributeHingeLoss(YesOrNoLoss):
    """Hinge per attribute: a binary SVM for each of the things that an example has or lacks.

    Lᵢ = Σⱼ max(0, Δ − yⱼ·fⱼ) with yⱼ = 1 where the label is 1 and yⱼ = −1 where it is 0;
    dfⱼ = −yⱼ where the term is above zero.

    Scores (N, K) and labels (N, K) of two classes give losses (N,). With all scores zero the loss
    is K·Δ. The label is an input such as ``{"shape": [K], "classes": 2}``.
    Source: CS231n notes, Neural Networks 2, loss functions, attribute classification.
    """

    kind: Literal["attribute_hinge_loss"] = "attribute_hinge_loss"
    """The name of this layer's type."""
    margin: float = Field(default=1.0, gt=0)
    """Δ, how far from zero a score must be on its own side."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Four attributes, and a wider margin over a grid of them."""
        names = ("scores", "label")
        return (
            Example(cls(id="loss", inputs=names), (TensorSpec((4,)), TensorSpec((4,), "int", 2))),
            Example(
                cls(id="loss", margin=1.5, inputs=names),
                (TensorSpec((2, 3)), TensorSpec((2, 3), "int", 2)),
            ),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((K), K labels of 2) → one number per example."""
        return expect_yes_or_no(*inputs)

    def chance_loss(self, *inputs: TensorSpec) -> float | None:
        """K·Δ."""
        return inputs[0].size * self.margin

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = Σ max(0, Δ − y·f)."""
        scores, label = xs
        sign = (2 * label - 1).astype(scores.dtype).reshape(scores.shape)
        terms = np.maximum(0, self.margin - sign * scores)
        losses = terms.reshape(len(terms), -1).sum(axis=1)
        return Forward(losses, (np.where(terms > 0, sign, 0),))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df = −y where the term is above zero."""
        (sign,) = saved
        return Backward((-sign * dy.reshape(-1, *[1] * (sign.ndim - 1)), None))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """y where the term is above zero."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """y, y·f and the terms."""
        return 3 * batch * inputs[0].size
