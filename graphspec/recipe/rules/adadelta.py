"""Steps in the units of the weights, from the sizes of past steps and gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.rules.base import Array, Fraction, UpdateRule


class Adadelta(UpdateRule):
    """Takes steps as large as the last ones were, along the gradient over its own usual size.

    v ← ρ v + (1 − ρ) dw²;  Δ = dw·√(u + ε)/√(v + ε);  u ← ρ u + (1 − ρ) Δ²;  w ← w − rate·Δ. Δ is
    in the units of w whatever those of the loss, so the paper has a rate of 1. The first steps
    are about √ε long.

    Source: Zeiler 2012, ADADELTA: An Adaptive Learning Rate Method.
    """

    kind: Literal["adadelta"] = "adadelta"
    """The name of this rule."""
    rho: Fraction = 0.9
    """ρ: the share of both means that is kept."""
    eps: float = Field(default=1e-6, gt=0)
    """ε: starts the steps, and keeps the division finite."""

    def slots(self, w: Array) -> dict[str, Array]:
        """The mean squared gradient v and the mean squared step u."""
        return {"v": np.zeros_like(w), "u": np.zeros_like(w)}

    def update(
        self, w: Array, dw: Array, slots: Mapping[str, Array], *, rate: float, step: int
    ) -> None:
        """Both means, and w ← w − rate·Δ, with one temporary array."""
        v, u = slots["v"], slots["u"]
        square = dw * dw
        square *= 1 - self.rho
        v *= self.rho
        v += square
        np.add(v, self.eps, out=square)
        np.sqrt(square, out=square)
        dw /= square
        np.add(u, self.eps, out=square)
        np.sqrt(square, out=square)
        dw *= square
        np.multiply(dw, dw, out=square)
        square *= 1 - self.rho
        u *= self.rho
        u += square
        dw *= rate
        w -= dw
