"""Random search."""

from __future__ import annotations

from typing import Literal

import numpy as np

from graphspec.recipe.rules.base import Array
from graphspec.recipe.rules.guessing import GuessingRule


class RandomSearch(GuessingRule):
    """Draws all weights anew in every step, and keeps them if their loss is the lowest so far.

    w' = rate·randn, biases included; the weights that training starts from are the first to be
    kept. A very bad idea that shows what gradients are worth.

    Source: CS231n notes, Optimization, strategy 1.
    """

    kind: Literal["random_search"] = "random_search"
    """The name of this rule."""

    def guess(self, w: Array, *, rate: float, rng: np.random.Generator) -> Array:
        """rate·randn."""
        return rate * rng.standard_normal(w.size)
