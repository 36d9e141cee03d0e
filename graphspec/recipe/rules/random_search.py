"""Random search."""

from __future__ import annotations

from typing import Literal

import numpy as np

from graphspec.recipe.rules.base import Array
from graphspec.recipe.rules.whole import Objective, WholeRule


class RandomSearch(WholeRule):
    """Draws all weights anew in every step, and keeps them if their loss is the lowest so far.

    w' = rate·randn, biases included; the weights that training starts from are the first to be
    kept. A very bad idea that shows what gradients are worth.

    Source: CS231n notes, Optimization, strategy 1.
    """

    kind: Literal["random_search"] = "random_search"
    """The name of this rule."""

    def arrays_kept(self, weights: int) -> int:
        """The weights that are tried."""
        return 2

    def minimise(
        self,
        objective: Objective,
        w: Array,
        memory: dict[str, Array],
        *,
        rate: float,
        rng: np.random.Generator,
    ) -> Array:
        """One draw."""
        return lower(objective, w, rate * rng.standard_normal(w.size))


def lower(objective: Objective, w: Array, other: Array) -> Array:
    """The other weights if their loss is lower than that of ``w``, else ``w``."""
    # A loss that is not a number is not lower.
    return other if objective.loss(other) < objective.loss(w) else w
