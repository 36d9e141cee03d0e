"""The absolute error of a regression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from graphspec.layers.base import Array, Backward, Example, Forward, Mode
from graphspec.layers.scoring import Loss, expect_target
from graphspec.tensor import TensorSpec


class L1Loss(Loss):
    """Absolute error of a regression, which outliers sway less than the squared one.

    Lᵢ = Σₖ |fₖ − yₖ|, one value per example, summed over all numbers. df = sign(f − y), dy = −df
    (0 where they are equal).

    Predictions and targets (N, …) of equal shape give losses (N,).
    Source: CS231n notes, Neural Networks 2, loss functions, regression.
    """

    ports: ClassVar[tuple[str, ...]] = ("prediction", "target")

    kind: Literal["l1_loss"] = "l1_loss"
    """The name of this layer's type."""

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Three numbers per example, and images."""
        vector, image = TensorSpec((3,)), TensorSpec((1, 2, 3))
        names = ("prediction", "target")
        return (
            Example(cls(id="loss", inputs=names), (vector, vector)),
            Example(cls(id="loss", inputs=names), (image, image)),
        )

    def infer(self, *inputs: TensorSpec) -> TensorSpec:
        """((…), (…)) → one number per example."""
        return expect_target(inputs, self.ports)

    def forward(self, xs: tuple[Array, ...], params: Mapping[str, Array], mode: Mode) -> Forward:
        """Lᵢ = Σ |f − y|."""
        prediction, target = xs
        delta = prediction - target
        return Forward(np.abs(delta).reshape(len(delta), -1).sum(axis=1), (np.sign(delta),))

    def backward(
        self,
        dy: Array,
        saved: tuple[Any, ...],
        params: Mapping[str, Array],
        *,
        need_dx: bool = True,
    ) -> Backward:
        """df = sign(f − y), and minus that for the target."""
        (sign,) = saved
        dprediction = sign * dy.reshape(-1, *[1] * (sign.ndim - 1))
        return Backward((dprediction, -dprediction))

    def saved_size(self, *inputs: TensorSpec) -> int:
        """The signs."""
        return inputs[0].size

    def scratch_size(self, *inputs: TensorSpec, batch: int = 1) -> int:
        """The differences and their magnitudes."""
        return 2 * batch * inputs[0].size
