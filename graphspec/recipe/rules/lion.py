"""Steps of one size, whose sign comes from a mean gradient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.rules.base import Array, Fraction, UpdateRule


class Lion(UpdateRule):
    """Moves every weight by exactly the rate, along the sign of a mean of gradients.

    w ← w − rate·sign(β₁ m + (1 − β₁) dw);  m ← β₂ m + (1 − β₂) dw; before that weights (not biases,
    not scales) shrink as with AdamW, w ← w − rate·decay·w. It keeps one array where Adam keeps
    two. Rates 3 to 10 times smaller than Adam's suit it, and decays larger by as much.

    Source: Chen et al. 2023, Symbolic Discovery of Optimization Algorithms.
    """

    kind: Literal["lion"] = "lion"
    """The name of this rule."""
    beta1: Fraction = 0.9
    """β₁: the share of the mean gradient in what gives the sign."""
    beta2: Fraction = 0.99
    """β₂: the share of the mean gradient that is kept."""
    weight_decay: float = Field(default=0.0, ge=0)
    """The share by which weights shrink, per unit of the rate."""

    def slots(self, w: Array) -> dict[str, Array]:
        """The mean gradient m."""
        return {"m": np.zeros_like(w)}

    def decay_weight(self, w: Array, *, rate: float) -> None:
        """w ← w − rate·decay·w."""
        w *= 1 - rate * self.weight_decay

    def update(
        self, w: Array, dw: Array, slots: Mapping[str, Array], *, rate: float, step: int
    ) -> None:
        """w ← w − rate·sign(β₁ m + (1 − β₁) dw);  m ← β₂ m + (1 − β₂) dw."""
        m = slots["m"]
        change = m * self.beta1
        change += (1 - self.beta1) * dw
        np.sign(change, out=change)
        change *= rate
        w -= change
        dw *= 1 - self.beta2
        m *= self.beta2
        m += dw
