"""A learning rate that rises in a line, then falls along half a cosine."""

from __future__ import annotations

from math import cos, pi
from typing import Literal

from pydantic import Field

from graphspec.recipe.schedules.base import TimedSchedule


class Cosine(TimedSchedule):
    """Warms up in a line, then falls along half a cosine until training ends.

    With W steps of warm-up out of T: a = a₀·(step + 1)/W while step < W, and after that
    a = a₀·(floor + (1 − floor)·½(1 + cos(π·(step − W)/(T − W)))).

    Source: Loshchilov and Hutter 2016, SGDR; warm-up as in Goyal et al. 2017, Accurate, Large
    Minibatch SGD.
    """

    kind: Literal["cosine"] = "cosine"
    """The name of this schedule."""
    warm_up: float = Field(default=0.0, ge=0)
    """How long the rate rises, in epochs (or steps, as ``unit`` says)."""
    floor: float = Field(default=0.0, ge=0, le=1)
    """The share of the rule's rate that is left at the end."""

    def rate(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """The line while step < W, then the cosine; ``floor``·a₀ from step T on."""
        warm_steps = round(self.warm_up * (steps_per_epoch if self.unit == "epoch" else 1))
        if step < warm_steps:
            return base * (step + 1) / warm_steps
        if step >= total_steps:
            return base * self.floor
        done = (step - warm_steps) / (total_steps - warm_steps)
        return base * (self.floor + (1 - self.floor) * 0.5 * (1 + cos(pi * done)))
