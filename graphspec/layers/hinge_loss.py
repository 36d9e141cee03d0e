"""The hinge loss of the multiclass support vector machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import Field

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.scoring import Loss, expect_scores
from graphspec.tensor import TensorSpec


class HingeLoss(Loss):
    """Multiclass SVM loss: the true class must score higher than every other one by a margin.

    Lᵢ = Σ_{j ≠ y} max(0, f_j − f_y + Δ), one value per example; with ``squared`` every term is
    squared (the L2-SVM). df_j = 1(f_j − f_y + Δ > 0) for j ≠ y, or twice the term when squared, and
    df_y is minus the sum of the others.

    With ``one_vs_all`` every class has a binary SVM of its own: Lᵢ = Σⱼ max(0, Δ − tⱼ·f_j) with
    t_y = 1 and all other tⱼ = −1; df_j = −tⱼ·1(Δ − tⱼ·f_j > 0).

    Scores (N, C) and labels (N,) give losses (N,). With all scores zero the loss is (C − 1)·Δ, and
    C·Δ one against all; with Δ² in place of Δ when squared.
    Source: CS231n notes, Linear classification, multiclass support vector machine loss.
    """

    kind: Literal["hinge_loss"] = "hinge_loss"
    """The name of this layer's type."""
    margin: float = Field(default=1.0, gt=0)
    """Δ, how much higher the true class must score. 1 is safe: it trades off against the scale of
    the weights, which the regularisation sets."""
    squared: bool = False
    """Whether to square each term, which punishes large violations more."""
    one_vs_all: bool = False
    """Whether each class is told apart from the rest on its own, rather than from the true one."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Ten classes, the squared form with another margin, and one class against all."""
        inputs, label = TensorSpec((10,)), TensorSpec((), "int", 10)
        names = ("scores", "label")
        return (
            Example(cls(id="loss", inputs=names), (inputs, label)),
            Example(cls(id="loss", margin=0.5, squared=True, inputs=names), (inputs, label)),
            Example(cls(id="loss", one_vs_all=True, inputs=names), (inputs, label)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((C), label of C) → one number per example."""
        return expect_scores(*inputs)

    def chance_loss(self, *inputs: TensorSpec) -> float | None:
        """(C − 1)·Δ, or C·Δ one against all; Δ² when squared."""
        term = self.margin**2 if self.squared else self.margin
        return (inputs[0].size - (not self.one_vs_all)) * term

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = Σ max(0, f_j − f_y + Δ) over the wrong classes, or Σ max(0, Δ − tⱼ·f_j)."""
        scores, label = xs
        rows = np.arange(len(label))
        if self.one_vs_all:
            terms = scores + self.margin
            terms[rows, label] = self.margin - scores[rows, label]
            np.maximum(0, terms, out=terms)
        else:
            terms = np.maximum(0, scores - scores[rows, label][:, None] + self.margin)
            terms[rows, label] = 0
        losses = (np.square(terms) if self.squared else terms).sum(axis=1)
        return Forward(losses, (terms, label))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df_j = 1(term > 0), or 2·term when squared; df_y = −Σ df_j."""
        terms, label = saved
        dscores = (2 * terms if self.squared else terms > 0) * dy[:, None]
        if self.one_vs_all:
            dscores[np.arange(len(label)), label] *= -1
            return Backward((dscores, None))
        dscores[np.arange(len(label)), label] = -dscores.sum(axis=1)
        return Backward((dscores, None))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The terms of the sum."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The differences of the scores, or the terms before they are multiplied by dy."""
        return 2 * batch * inputs[0].size
