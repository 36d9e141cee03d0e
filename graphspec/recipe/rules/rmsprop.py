"""Steps divided by the size that gradients had lately."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.rules.base import Array, Fraction, UpdateRule


class RMSprop(UpdateRule):
    """Divides the step by the root of a running mean of squared gradients.

    cache ← decay·cache + (1 − decay)·dw²;  w ← w − rate·dw/(√cache + ε). Unlike Adagrad's sum the
    mean forgets, so that steps do not shrink for ever.

    Source: Tieleman and Hinton 2012, lecture 6.5 of Neural Networks for Machine Learning; CS231n
    notes, Neural Networks 3.
    """

    kind: Literal["rmsprop"] = "rmsprop"
    """The name of this rule."""
    decay: Fraction = 0.99
    """The share of the mean that is kept. Typical: 0.9, 0.99, 0.999."""
    eps: float = Field(default=1e-8, gt=0)
    """ε: keeps the division finite."""

    def slots(self, w: Array) -> dict[str, Array]:
        """The mean squared gradient."""
        return {"cache": np.zeros_like(w)}

    def update(
        self, w: Array, dw: Array, slots: Mapping[str, Array], *, rate: float, step: int
    ) -> None:
        """cache ← decay·cache + (1 − decay)·dw²;  w ← w − rate·dw/(√cache + ε)."""
        cache = slots["cache"]
        root = dw * dw
        root *= 1 - self.decay
        cache *= self.decay
        cache += root
        np.sqrt(cache, out=root)
        root += self.eps
        dw *= rate
        dw /= root
        w -= dw
