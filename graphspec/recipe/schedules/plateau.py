"""A learning rate that falls when the monitored metric no longer gets better."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from pydantic import Field

from graphspec.recipe.schedules.base import Seen, TimedSchedule


class Plateau(TimedSchedule):
    """Multiplied by a factor whenever ``patience`` evaluations in a row brought nothing better.

    a = a₀·max(factorⁿ, floor) after n falls. It watches the metric that ``training.monitor``
    names, on the validation split; a fall starts the counting anew.

    Source: the notes' heuristic (CS231n, Neural Networks 3): watch the validation error while
    training with a fixed rate, and lower the rate when the error stops improving.
    """

    kind: Literal["plateau"] = "plateau"
    """The name of this schedule."""
    factor: float = Field(default=0.1, gt=0, lt=1)
    """What the rate is multiplied by at each fall. Typical: 0.1, 0.5."""
    patience: int = Field(default=5, gt=0)
    """How many evaluations without a new best lead to a fall."""
    min_change: float = Field(default=0.0, ge=0)
    """By how much the metric must be better than the best to count as new."""
    floor: float = Field(default=0.0, ge=0, le=1)
    """The share of the rule's rate below which it does not fall."""

    def watch(self, seen: Seen, value: float, *, lower_is_better: bool) -> Seen:
        """Count the evaluations that brought nothing better, and fall after ``patience``."""
        gain = None if seen.best is None else (value - seen.best) * (-1 if lower_is_better else 1)
        if gain is None or gain > self.min_change:
            return replace(seen, best=value, stale=0)
        if seen.stale + 1 < self.patience:
            return replace(seen, stale=seen.stale + 1)
        return replace(seen, stale=0, falls=seen.falls + 1)

    def share(self, seen: Seen) -> float:
        """max(factorⁿ, floor)."""
        return max(self.factor**seen.falls, self.floor)

    def anneal(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """a = a₀; the falls are in ``share``."""
        return base
