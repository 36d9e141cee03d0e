"""Adam with decoupled weight decay."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from graphspec.recipe.rules.adam import AdamMoments
from graphspec.recipe.rules.base import Array


class AdamW(AdamMoments):
    """Adam, and apart from it every weight shrinks by a share of itself.

    w ← w − rate·decay·w, then Adam's update. An L2 penalty would pass through Adam's division by
    √v̂, so that weights with large gradients hardly shrank. Biases and scales do not decay.

    Source: Loshchilov and Hutter 2017, Decoupled Weight Decay Regularization.
    """

    kind: Literal["adamw"] = "adamw"
    """The name of this rule."""
    weight_decay: float = Field(default=0.01, ge=0)
    """The share by which weights shrink, per unit of the rate."""

    def decay_weight(self, w: Array, *, rate: float) -> None:
        """w ← w − rate·decay·w."""
        w *= 1 - rate * self.weight_decay
