"""L1 and L2 regularisation together."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.penalties.base import Array, Penalty


class ElasticNet(Penalty):
    """Both norms: λ₁ Σ |w| + λ₂ Σ w², whose gradient is λ₁ sign(w) + 2 λ₂ w.

    Source: Zou and Hastie 2005, Regularization and Variable Selection via the Elastic Net; CS231n
    notes, Neural Networks 2, regularization.
    """

    kind: Literal["elastic_net"] = "elastic_net"
    """The name of this penalty."""
    l1: float = Field(ge=0)
    """λ₁."""
    l2: float = Field(ge=0)
    """λ₂; there is no factor ½."""

    def value(self, w: Array) -> float:
        """λ₁ Σ |w| + λ₂ Σ w²."""
        return float(self.l1 * np.abs(w).sum() + self.l2 * np.vdot(w, w))

    def add_gradient(self, w: Array, dw: Array) -> None:
        """dw += λ₁ sign(w) + 2 λ₂ w."""
        dw += self.l1 * np.sign(w)
        dw += 2 * self.l2 * w
