"""The squared error of a regression."""

from __future__ import annotations

from typing import Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.regressing import RegressionLoss


class L2Loss(RegressionLoss):
    """Squared error of a regression: the squared distance of the prediction from the target.

    Lᵢ = Σₖ (fₖ − yₖ)², one value per example: summed over all numbers, neither halved nor averaged.
    df = 2(f − y), dy = −df.

    Predictions and targets (N, …) of equal shape give losses (N,).
    Source: CS231n notes, Neural Networks 2, loss functions, regression.
    """

    kind: Literal["l2_loss"] = "l2_loss"
    """The name of this layer's type."""

    def term(self, delta: Array) -> Array:
        """(f − y)²."""
        return np.square(delta)

    def slope(self, delta: Array) -> Array:
        """2(f − y)."""
        return 2 * delta
