"""The absolute error of a regression."""

from __future__ import annotations

from typing import Literal

import numpy as np

from graphspec.layers.base import Array
from graphspec.layers.regressing import RegressionLoss


class L1Loss(RegressionLoss):
    """Absolute error of a regression, which outliers sway less than the squared one.

    Lᵢ = Σₖ |fₖ − yₖ|, one value per example, summed over all numbers. df = sign(f − y), dy = −df
    (0 where they are equal).

    Predictions and targets (N, …) of equal shape give losses (N,).
    Source: CS231n notes, Neural Networks 2, loss functions, regression.
    """

    kind: Literal["l1_loss"] = "l1_loss"
    """The name of this layer's type."""

    def term(self, delta: Array) -> Array:
        """|f − y|."""
        return np.abs(delta)

    def slope(self, delta: Array) -> Array:
        """sign(f − y)."""
        return np.sign(delta)
