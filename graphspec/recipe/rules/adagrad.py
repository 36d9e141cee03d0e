"""Steps that shrink with all the squared gradients so far."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.rules.base import Array, UpdateRule


class Adagrad(UpdateRule):
    """Divides the step by the root of the sum of all squared gradients so far.

    cache ← cache + dw²;  w ← w − rate·dw/(√cache + ε). The effective rate rate/(√cache + ε) of a
    weight never rises, and falls fastest where the gradients are large.

    Source: Duchi et al. 2011, Adaptive Subgradient Methods; CS231n notes, Neural Networks 3.
    """

    kind: Literal["adagrad"] = "adagrad"
    """The name of this rule."""
    eps: float = Field(default=1e-8, gt=0)
    """ε: keeps the division finite. Typical: 1e-4 to 1e-8."""

    def slots(self, w: Array) -> dict[str, Array]:
        """The sum of squared gradients."""
        return {"cache": np.zeros_like(w)}

    def update(
        self, w: Array, dw: Array, slots: Mapping[str, Array], *, rate: float, step: int
    ) -> None:
        """cache ← cache + dw²;  w ← w − rate·dw/(√cache + ε)."""
        cache = slots["cache"]
        root = dw * dw
        cache += root
        np.sqrt(cache, out=root)
        root += self.eps
        dw *= rate
        dw /= root
        w -= dw
