"""A learning rate that falls exponentially."""

from __future__ import annotations

from math import exp
from typing import Literal

from pydantic import Field

from graphspec.recipe.schedules.base import TimedSchedule


class Exponential(TimedSchedule):
    """Falls by the same share in every unit of time: a = a₀·e^(−k t).

    Source: CS231n notes, Neural Networks 3, annealing the learning rate.
    """

    kind: Literal["exponential"] = "exponential"
    """The name of this schedule."""
    k: float = Field(gt=0)
    """How fast it falls; after 1/k of the unit the rate is a third (1/e) of what it was."""

    def anneal(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """a = a₀·e^(−k t)."""
        return base * exp(-self.k * self.time(step, steps_per_epoch))
