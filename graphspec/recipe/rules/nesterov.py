"""Gradient descent with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from graphspec.recipe.rules.base import Array, Fraction, UpdateRule


class Nesterov(UpdateRule):
    """Momentum whose gradient is taken where the velocity is about to carry the weight.

    In terms of the place looked ahead to, x_ahead = x + μ v, which is what ``w`` holds:
    v_prev = v;  v ← μ v − rate·dw;  w ← w − μ v_prev + (1 + μ) v.

    Source: CS231n notes, Neural Networks 3; Bengio et al. 2012, Advances in Optimizing Recurrent
    Networks, section 3.5.
    """

    kind: Literal["nesterov"] = "nesterov"
    """The name of this rule."""
    momentum: Fraction = 0.9
    """μ: the share of the velocity that is kept."""

    def slots(self, w: Array) -> dict[str, Array]:
        """The velocity."""
        return {"velocity": np.zeros_like(w)}

    def update(
        self, w: Array, dw: Array, slots: Mapping[str, Array], *, rate: float, step: int
    ) -> None:
        """v_prev = v;  v ← μ v − rate·dw;  w ← w − μ v_prev + (1 + μ) v.

        With μ v_prev = v + rate·dw this is w ← w + μ v − rate·dw, which needs no v_prev.
        """
        v = slots["velocity"]
        dw *= rate
        v *= self.momentum
        v -= dw
        w -= dw
        np.multiply(v, self.momentum, out=dw)
        w += dw
