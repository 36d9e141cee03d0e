"""L1 regularisation."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.penalties.base import Array, Penalty


class L1(Penalty):
    """The L1 norm: λ Σ |w|, whose gradient is λ sign(w).

    It pulls every weight with the same force, so that weights that do not matter come to lie next
    to zero: units end up using few of their inputs.

    Source: CS231n notes, Neural Networks 2, regularization.
    """

    kind: Literal["l1"] = "l1"
    """The name of this penalty."""
    strength: float = Field(ge=0)
    """λ."""

    def value(self, w: Array) -> float:
        """λ Σ |w|."""
        return float(self.strength * np.abs(w).sum())

    def add_gradient(self, w: Array, dw: Array) -> None:
        """dw += λ sign(w), which is 0 at 0."""
        dw += self.strength * np.sign(w)
