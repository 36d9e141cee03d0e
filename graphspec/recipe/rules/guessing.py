"""What the two random searches share: a guess is taken if its loss is lower."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from graphspec.recipe.rules.base import Array
from graphspec.recipe.rules.whole import Objective, WholeRule


class GuessingRule(WholeRule):
    """Asks for the loss of a guess, and goes there if it is lower than where it is.

    Its file has the one formula: ``guess``.
    """

    @abstractmethod
    def guess(self, w: Array, *, rate: float, rng: np.random.Generator) -> Array:
        """The weights (n,) to try next."""

    def arrays_kept(self, weights: int) -> int:
        """The weights that are tried, and what they are made of."""
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
        """The guess if its loss is lower than that of ``w``, else ``w``."""
        other = self.guess(w, rate=rate, rng=rng)
        # A loss that is not a number is not lower.
        return other if objective.loss(other) < objective.loss(w) else w
