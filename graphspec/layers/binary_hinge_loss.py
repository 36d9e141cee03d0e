"""The hinge loss of the binary support vector machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import Field

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.scoring import YesOrNoLoss, expect_yes_or_no
from graphspec.tensor import TensorSpec


class BinaryHingeLoss(YesOrNoLoss):
    """Binary SVM loss: one score, which should be at least 1 for class 1 and at most −1 for 0.

    Lᵢ = C·max(0, 1 − y·f) with y = 1 for the label 1 and y = −1 for the label 0; df = −C·y where
    the term is above zero. With ``squared`` the term is squared (L2-SVM), and df is twice as much
    times the term. C trades off against the penalty as 1/λ does. The same as hinge_loss over two
    classes (times C), with f the difference of their scores.

    Scores (N, 1) or (N,) and labels (N,) give losses (N,). With a score of zero the loss is C.
    Source: CS231n notes, Linear classification, binary support vector machine.
    """

    kind: Literal["binary_hinge_loss"] = "binary_hinge_loss"
    """The name of this layer's type."""
    c: float = Field(default=1.0, gt=0)
    """C, how much the data count against the penalty on the weights."""
    squared: bool = False
    """Whether to square the term, which punishes large violations more."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A score from a linear layer, a bare one that counts twice, and the squared form."""
        label, names = TensorSpec((), "int", 2), ("scores", "label")
        return (
            Example(cls(id="loss", inputs=names), (TensorSpec((1,)), label)),
            Example(cls(id="loss", c=2.0, inputs=names), (TensorSpec(()), label)),
            Example(cls(id="loss", c=0.75, squared=True, inputs=names), (TensorSpec((1,)), label)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((1) or a number, label of 2) → one number per example."""
        output = expect_yes_or_no(*inputs)
        if inputs[1].shape:
            raise ShapeError(
                f"the loss takes one label per example, but this input has {inputs[1].size}. "
                "For many yes-or-no answers take attribute_hinge_loss",
                code="one-label-expected",
                port="label",
                arithmetic=f"{inputs[1].size} labels ≠ 1",
            )
        return output

    def chance_loss(self, *inputs: TensorSpec) -> float | None:
        """C."""
        return self.c

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = C·max(0, 1 − y·f)."""
        scores, label = xs
        sign = (2 * label - 1).astype(scores.dtype)
        term = np.maximum(0, 1 - sign * scores.reshape(-1))
        if self.squared:
            return Forward(self.c * np.square(term), (2 * term * sign, scores.shape))
        return Forward(self.c * term, (np.where(term > 0, sign, 0), scores.shape))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df = −C·y where the term is above zero, or −2·C·y·term."""
        slope, shape = saved
        return Backward(((-self.c * slope * dy).reshape(shape), None))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The slope of the loss by −f, but for C."""
        return 1

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """y, y·f and the term."""
        return 3 * batch
