"""The softmax (cross-entropy) loss."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from graphspec.errors import ShapeError
from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.scoring import Loss, expect_scores
from graphspec.tensor import TensorSpec

Weights = Annotated[
    tuple[Annotated[float, Field(ge=0)], ...], Field(min_length=1, max_length=100_000)
]


class SoftmaxLoss(Loss):
    """Cross-entropy of the softmax of the scores against the true class.

    Lᵢ = −log(e^{f_y} / Σⱼ e^{f_j}) = −f_y + log Σⱼ e^{f_j}, one value per example; the largest
    score is subtracted first, so that no exponential overflows. df = p − 1(j = y).

    With class weights w and smoothing ε the loss is Lᵢ = −Σⱼ qⱼ·log pⱼ with
    qⱼ = wⱼ·((1 − ε)·1(j = y) + ε/C), and df = p·Σq − q. (As PyTorch without reduction; its mean
    divides by the sum of the weights, training here by the number of examples.)

    Class probabilities t (N, C) may be fed in the place of the labels, as mixup does: tⱼ then
    stands where 1(j = y) stands.

    Scores (N, C) and labels (N,) give losses (N,). At chance the loss is ln C, times the mean
    weight. Targets that are distributions are for cross_entropy_loss.
    Source: CS231n notes, Linear classification, softmax classifier; Szegedy et al. 2015,
    Rethinking the Inception Architecture (label smoothing).
    """

    takes_distributions: ClassVar[bool] = True

    kind: Literal["softmax_loss"] = "softmax_loss"
    """The name of this layer's type."""
    class_weights: Weights | None = None
    """How much an example of each class counts, in the order of the classes; null counts all
    alike. Weights of 1/(C·share) make up for classes of unequal shares."""
    smoothing: float = Field(default=0.0, ge=0, lt=1)
    """ε, the part of the target that is spread evenly over all classes (label smoothing), so that
    scores need not grow without end."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Ten classes, weighted classes, and smoothed targets."""
        scores, label = TensorSpec((10,)), TensorSpec((), "int", 10)
        three = (TensorSpec((3,)), TensorSpec((), "int", 3))
        names = ("scores", "label")
        return (
            Example(cls(id="loss", inputs=names), (scores, label)),
            Example(cls(id="loss", class_weights=(0.5, 1.0, 2.0), inputs=names), three),
            Example(cls(id="loss", smoothing=0.1, inputs=names), (scores, label)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((C), label of C) → one number per example."""
        output = expect_scores(*inputs)
        classes = inputs[0].size
        if self.class_weights is not None and len(self.class_weights) != classes:
            raise ShapeError(
                f"there must be one weight per class: expected {classes}, got "
                f"{len(self.class_weights)}. Write {classes} numbers, in the order of the classes",
                code="class-weights",
                port="label",
                field="class_weights",
                arithmetic=f"{len(self.class_weights)} weights ≠ {classes} classes",
            )
        return output

    def chance_loss(self, *inputs: TensorSpec) -> float | None:
        """ln C, times the mean weight (with classes of equal shares)."""
        weights = self.class_weights or (1.0,)
        return log(inputs[0].size) * sum(weights) / len(weights)

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = log Σⱼ e^{f_j} − f_y, with the largest score subtracted from all."""
        scores, label = xs
        shifted = scores - scores.max(axis=1, keepdims=True)
        exponentials = np.exp(shifted)
        total = exponentials.sum(axis=1, keepdims=True)
        if self._counts_one(label):
            losses = np.log(total[:, 0]) - shifted[np.arange(len(label)), label]
        else:
            target = self._target(label, scores)
            losses = np.log(total[:, 0]) * target.sum(axis=1) - (target * shifted).sum(axis=1)
        return Forward(losses, (exponentials / total, label))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df = p − 1(j = y), or p·Σq − q."""
        probabilities, label = saved
        if not self._counts_one(label):
            target = self._target(label, probabilities)
            dscores = probabilities * target.sum(axis=1, keepdims=True) - target
            return Backward((dscores * dy[:, None], None))
        dscores = probabilities * dy[:, None]
        dscores[np.arange(len(label)), label] -= dy
        return Backward((dscores, None))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The probabilities."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The shifted scores and exponentials, and with weights the target and its products."""
        return (2 if self._plain else 4) * batch * inputs[0].size

    @property
    def _plain(self) -> bool:
        return self.class_weights is None and not self.smoothing

    def _counts_one(self, label: Array) -> bool:
        """Whether the loss of an example is −log p of a single class."""
        return self._plain and label.ndim == 1

    def _target(self, label: Array, like: Array) -> Array:
        """Row by row qⱼ = wⱼ·((1 − ε)·1(j = y) + ε/C), in the type of ``like``."""
        classes = like.shape[1]
        target = np.full_like(like, self.smoothing / classes)
        if label.ndim == 2:
            target += (1 - self.smoothing) * label
        else:
            target[np.arange(len(label)), label] += 1 - self.smoothing
        if self.class_weights is not None:
            target *= np.array(self.class_weights, like.dtype)
        return target
