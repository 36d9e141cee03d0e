"""A learning rate that never changes."""

from __future__ import annotations

from typing import Literal

from graphspec.recipe.schedules.base import Schedule


class Constant(Schedule):
    """The rule's own rate, always."""

    kind: Literal["constant"] = "constant"
    """The name of this schedule."""

    def rate(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """a = a₀."""
        return base
