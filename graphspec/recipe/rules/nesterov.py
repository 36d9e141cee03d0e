"""Gradient descent with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from graphspec.recipe.rules.base import Array
from graphspec.recipe.rules.momentum import WithVelocity


class Nesterov(WithVelocity):
    """Momentum whose gradient is taken where the velocity is about to carry the weight.

    In terms of the place looked ahead to, x_ahead = x + μ v, which is what ``w`` holds:
    v_prev = v;  v ← μ v − rate·dw;  w ← w − μ v_prev + (1 + μ) v. Where μ is annealed, the place
    is looked ahead to with the μ of the step before, as PyTorch does it.

    Source: CS231n notes, Neural Networks 3; Bengio et al. 2012, Advances in Optimizing Recurrent
    Networks, section 3.5.
    """

    kind: Literal["nesterov"] = "nesterov"
    """The name of this rule."""

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
