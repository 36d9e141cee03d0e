"""A learning rate that falls in steps."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from graphspec.recipe.schedules.base import TimedSchedule


class StepDecay(TimedSchedule):
    """Multiplied by a factor after every few epochs: a = a₀·factor^⌊t/every⌋.

    Source: CS231n notes, Neural Networks 3, annealing the learning rate.
    """

    kind: Literal["step"] = "step"
    """The name of this schedule."""
    factor: float = Field(default=0.5, gt=0, le=1)
    """What the rate is multiplied by at each fall. Typical: 0.5 every 5 epochs, 0.1 every 20."""
    every: int = Field(default=5, gt=0)
    """How many epochs (or steps, as ``unit`` says) lie between two falls."""

    def anneal(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """a = a₀·factor^⌊t/every⌋; in whole numbers, so that no fall comes a step late."""
        length = self.every * (steps_per_epoch if self.unit == "epoch" else 1)
        return float(base * self.factor ** (step // length))
