"""What a rule is that needs the whole loss as a function of all weights."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Protocol

import numpy as np
from pydantic import Field

from graphspec.recipe.rules.base import Array, Rule


class Objective(Protocol):
    """The loss of a training, penalties included, as a function of all trained weights.

    The weights are one vector (n,) in float64. The loss at the same weights is always the same.
    """

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that it computes in: float32 or float64."""

    def loss(self, w: Array) -> float:
        """The loss at ``w``; not finite where it overflows."""

    def gradient(self, w: Array) -> tuple[float, Array]:
        """The loss and its gradient (n,)."""


class WholeRule(Rule):
    """Chooses new weights by asking for the loss at several places.

    Losses of different batches cannot be compared, so every step sees all training examples.
    What it remembers are arrays by name; they are saved with every checkpoint.
    """

    rate: float = Field(default=1.0, gt=0)
    """How long a step is, before the schedule."""

    @abstractmethod
    def minimise(
        self,
        objective: Objective,
        w: Array,
        memory: dict[str, Array],
        *,
        rate: float,
        rng: np.random.Generator,
    ) -> Array:
        """New weights (n,), from those before (which stay as they are).

        Args:
            objective: the loss.
            w: the weights before the step.
            memory: what the rule remembers; empty before the first step, changed in place.
            rate: the scheduled rate.
            rng: where every random draw comes from.
        """
