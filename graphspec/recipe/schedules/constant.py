"""A learning rate that does not change, but for a warm-up."""

from __future__ import annotations

from typing import Literal

from graphspec.recipe.schedules.base import TimedSchedule


class Constant(TimedSchedule):
    """The rule's own rate, always, or from the end of the warm-up on."""

    kind: Literal["constant"] = "constant"
    """The name of this schedule."""

    def anneal(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """a = a₀."""
        return base
