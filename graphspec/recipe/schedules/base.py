"""What a schedule is: how the learning rate changes while training goes on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from graphspec.record import Record


class Schedule(Record, ABC):
    """Gives the learning rate of every step from the update rule's own rate."""

    @abstractmethod
    def rate(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """The rate of one step.

        Args:
            base: the update rule's rate.
            step: the step's number, from 0.
            steps_per_epoch: steps in one epoch.
            total_steps: steps in the whole training.
        """


class TimedSchedule(Schedule, ABC):
    """A schedule that is a formula in the time t, counted in epochs or in steps from 0."""

    unit: Literal["epoch", "step"] = "epoch"
    """What t counts. In epochs t has fractions: t = step / steps_per_epoch."""

    def time(self, step: int, steps_per_epoch: int) -> float:
        """t at the beginning of a step, in the schedule's unit."""
        return step / steps_per_epoch if self.unit == "epoch" else float(step)
