"""A learning rate that falls as one over the time."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from graphspec.recipe.schedules.base import TimedSchedule


class OneOverT(TimedSchedule):
    """Falls fast at first and ever more slowly: a = a₀/(1 + k t).

    Source: CS231n notes, Neural Networks 3, annealing the learning rate.
    """

    kind: Literal["one_over_t"] = "one_over_t"
    """The name of this schedule."""
    k: float = Field(gt=0)
    """How fast it falls; after 1/k of the unit the rate is half of what it was."""

    def anneal(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """a = a₀/(1 + k t)."""
        return base / (1 + self.k * self.time(step, steps_per_epoch))
