"""Cross-entropy with targets that are distributions."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.scoring import Loss, expect_target
from graphspec.tensor import TensorSpec


class CrossEntropyLoss(Loss):
    """Cross-entropy of the softmax of the scores against a target distribution (soft targets).

    Lᵢ = H(t, p) = −Σⱼ tⱼ·log pⱼ with p = softmax(f), one value per example. df = p·Σt − t, which is
    p − t where the targets sum to one; dtⱼ = −log pⱼ. H(t, p) = H(t) + KL(t‖p): it is least, and
    equal to the entropy of t, where p = t. A target of one 1 gives softmax_loss.

    Scores (N, C) and targets (N, C) give losses (N,). At chance the loss is ln C.
    Source: CS231n notes, Linear classification, softmax classifier, information theory view.
    """

    ports: ClassVar[tuple[str, ...]] = ("scores", "target")

    kind: Literal["cross_entropy_loss"] = "cross_entropy_loss"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Ten classes."""
        scores = TensorSpec((10,))
        return (Example(cls(id="loss", inputs=("scores", "target")), (scores, scores)),)

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((C), (C)) → one number per example."""
        output = expect_target(inputs, self.ports)
        if len(inputs[0].shape) != 1:
            raise ShapeError(
                f"the scores must be one per class on one axis, but this input is {inputs[0]}. "
                "Put a linear layer in front, with as many units as there are classes",
                code="rank",
                port="scores",
                arithmetic=f"{len(inputs[0].shape)} axes ≠ 1",
            )
        return output

    def chance_loss(self, *inputs: TensorSpec) -> float | None:
        """ln C."""
        return log(inputs[0].size)

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = −Σ t·log p, with the largest score subtracted from all."""
        scores, target = xs
        log_p = scores - scores.max(axis=1, keepdims=True)
        log_p -= np.log(np.exp(log_p).sum(axis=1, keepdims=True))
        return Forward(-(target * log_p).sum(axis=1), (log_p, target))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df = p·Σt − t, dt = −log p."""
        log_p, target = saved
        dscores = np.exp(log_p) * target.sum(axis=1, keepdims=True) - target
        return Backward((dscores * dy[:, None], -log_p * dy[:, None]))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """log p."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The exponentials, the products, and the gradient before it is multiplied by dy."""
        return 3 * batch * inputs[0].size
