"""What a schedule is: how the learning rate changes while training goes on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from graphspec.record import Record


@dataclass(frozen=True, slots=True)
class Seen:
    """What a schedule remembers of the evaluations; it is saved with every checkpoint.

    ``best`` is the best value of the monitored metric, ``stale`` counts the evaluations since the
    best one or since the last fall, and ``falls`` how often the rate has fallen.
    """

    best: float | None = None
    stale: int = 0
    falls: int = 0


class Schedule(Record, ABC):
    """Gives the learning rate of every step from the update rule's own rate."""

    @abstractmethod
    def rate(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """The rate of one step.

        Args:
            base: the update rule's rate, times the schedule's ``share``.
            step: the step's number, from 0.
            steps_per_epoch: steps in one epoch.
            total_steps: steps in the whole training.
        """

    def watch(self, seen: Seen, value: float, *, lower_is_better: bool) -> Seen:
        """What is remembered once an evaluation gave ``value`` for the monitored metric.

        Most schedules look at the time alone and remember nothing.
        """
        return seen

    def share(self, seen: Seen) -> float:
        """The share of the update rule's rate that what was seen has left."""
        return 1.0


class TimedSchedule(Schedule, ABC):
    """A schedule with a time t, counted in epochs or in steps from the end of its warm-up.

    While it warms up, for W steps, a = a₀·(step + 1)/W.

    Source of the warm-up: Goyal et al. 2017, Accurate, Large Minibatch SGD.
    """

    unit: Literal["epoch", "step"] = "epoch"
    """What times are counted in. In epochs t has fractions: t = step / steps_per_epoch."""
    warm_up: float = Field(default=0.0, ge=0)
    """How long the rate first rises in a line to the rule's own, in epochs (or steps, as ``unit``
    says). What the schedule does otherwise begins after that."""

    def rate(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """The line while step < W, then what the schedule is about."""
        warm_steps = round(self.warm_up * (steps_per_epoch if self.unit == "epoch" else 1))
        if step < warm_steps:
            return base * (step + 1) / warm_steps
        return self.anneal(
            base,
            step - warm_steps,
            steps_per_epoch=steps_per_epoch,
            total_steps=total_steps - warm_steps,
        )

    @abstractmethod
    def anneal(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """The rate of one step, both counts without the steps of the warm-up."""

    def time(self, step: int, steps_per_epoch: int) -> float:
        """t at the beginning of a step, in the schedule's unit."""
        return step / steps_per_epoch if self.unit == "epoch" else float(step)
