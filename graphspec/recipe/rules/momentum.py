"""Gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from graphspec.recipe.rules.base import Array, Fraction, UpdateRule


class Momentum(UpdateRule):
    """The gradient changes a velocity, and the velocity changes the weight.

    v ← μ v − rate·dw;  w ← w + v. The velocity starts at zero and holds the rate, so a new rate
    acts on new gradients only.

    Source: CS231n notes, Neural Networks 3, parameter updates.
    """

    kind: Literal["momentum"] = "momentum"
    """The name of this rule."""
    momentum: Fraction = 0.9
    """μ: the share of the velocity that is kept. Typical: 0.5, 0.9, 0.95, 0.99."""

    def slots(self, w: Array) -> dict[str, Array]:
        """The velocity."""
        return {"velocity": np.zeros_like(w)}

    def update(
        self, w: Array, dw: Array, slots: Mapping[str, Array], *, rate: float, step: int
    ) -> None:
        """v ← μ v − rate·dw;  w ← w + v."""
        v = slots["velocity"]
        dw *= rate
        v *= self.momentum
        v -= dw
        w += v
