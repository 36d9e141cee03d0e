"""Adam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.rules.base import Array, Fraction, UpdateRule


class AdamMoments(UpdateRule):
    """What Adam and AdamW share: the two running means and the step that they make."""

    beta1: Fraction = 0.9
    """β₁: how much of the mean gradient is kept."""
    beta2: Fraction = 0.999
    """β₂: how much of the mean squared gradient is kept."""
    eps: float = Field(default=1e-8, gt=0)
    """ε: keeps the division finite."""
    bias_correction: bool = True
    """Whether the means are corrected for having started at zero."""

    def slots(self, w: Array) -> dict[str, Array]:
        """The mean gradient m and the mean squared gradient v."""
        return {"m": np.zeros_like(w), "v": np.zeros_like(w)}

    def update(
        self, w: Array, dw: Array, slots: Mapping[str, Array], *, rate: float, step: int
    ) -> None:
        """w ← w − rate·m̂/(√v̂ + ε), with one temporary array."""
        m, v = slots["m"], slots["v"]
        correct1 = correct2 = 1.0
        if self.bias_correction:
            correct1, correct2 = 1 - self.beta1 ** (step + 1), 1 - self.beta2 ** (step + 1)
        square = dw * dw
        square *= 1 - self.beta2
        v *= self.beta2
        v += square
        dw *= 1 - self.beta1
        m *= self.beta1
        m += dw
        np.sqrt(v, out=square)
        square /= correct2**0.5
        square += self.eps
        np.divide(m, square, out=dw)
        dw *= rate / correct1
        w -= dw


class Adam(AdamMoments):
    """Steps along the mean gradient, divided by the root of the mean squared gradient.

    m ← β₁ m + (1 − β₁) dw;  v ← β₂ v + (1 − β₂) dw²;  with t counting updates from 1,
    m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ);  w ← w − rate·m̂/(√v̂ + ε). The simplified form of the notes
    uses m and v in place of m̂ and v̂.

    Source: Kingma and Ba 2014, Adam; CS231n notes, Neural Networks 3.
    """

    kind: Literal["adam"] = "adam"
    """The name of this rule."""
