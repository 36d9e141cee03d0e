"""Random local search."""

from __future__ import annotations

from typing import Literal

import numpy as np

from graphspec.recipe.rules.base import Array
from graphspec.recipe.rules.guessing import GuessingRule


class LocalSearch(GuessingRule):
    """Takes a random step, if it leads down.

    w' = w + rate·randn, and w ← w' if the loss is lower there: a blindfolded hiker who feels
    with a foot before each step. Typical: a rate of 0.0001 to 0.01.

    Source: CS231n notes, Optimization, strategy 2.
    """

    kind: Literal["local_search"] = "local_search"
    """The name of this rule."""

    def guess(self, w: Array, *, rate: float, rng: np.random.Generator) -> Array:
        """w + rate·randn."""
        return w + rate * rng.standard_normal(w.size)
