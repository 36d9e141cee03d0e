"""A learning rate that falls along half a cosine."""

from __future__ import annotations

from math import cos, pi
from typing import Literal

from pydantic import Field

from graphspec.recipe.schedules.base import TimedSchedule


class Cosine(TimedSchedule):
    """Falls along half a cosine, from the end of the warm-up to the end of training.

    With W steps of warm-up out of T: a = a₀·(floor + (1 − floor)·½(1 + cos(π·(step − W)/(T − W)))).

    Source: Loshchilov and Hutter 2016, SGDR.
    """

    kind: Literal["cosine"] = "cosine"
    """The name of this schedule."""
    floor: float = Field(default=0.0, ge=0, le=1)
    """The share of the rule's rate that is left at the end."""

    def anneal(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """The cosine; ``floor``·a₀ from the last step on."""
        if step >= total_steps:
            return base * self.floor
        done = step / total_steps
        return base * (self.floor + (1 - self.floor) * 0.5 * (1 + cos(pi * done)))
