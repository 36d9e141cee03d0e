"""A learning rate that rises and falls in triangles."""

from __future__ import annotations

from math import floor
from typing import Literal

from pydantic import Field

from graphspec.recipe.schedules.base import TimedSchedule


class Cyclic(TimedSchedule):
    """Rises and falls in a line again and again, between a share of the rule's rate and the rate.

    In cycle n = ⌊t/(2·half)⌋, counted from 0:
    a = a₀·(floor + (1 − floor)·shrinkⁿ·(1 − |t/half − 2n − 1|)).

    Source: Smith 2015, Cyclical Learning Rates for Training Neural Networks: ``triangular``, and
    with shrink = 0.5 ``triangular2``.
    """

    kind: Literal["cyclic"] = "cyclic"
    """The name of this schedule."""
    half: float = Field(default=4.0, gt=0)
    """How long the rate rises, and then falls, in epochs (or steps, as ``unit`` says). Typical: 2
    to 10 epochs."""
    floor: float = Field(default=0.25, ge=0, le=1)
    """The share of the rule's rate that a cycle starts and ends with. Typical: a third or a
    quarter."""
    shrink: float = Field(default=1.0, gt=0, le=1)
    """What the height of the triangles is multiplied by after each cycle."""

    def anneal(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """The triangle at t."""
        halves = self.time(step, steps_per_epoch) / self.half
        cycle = floor(halves / 2)
        height = self.shrink**cycle * (1 - abs(halves - 2 * cycle - 1))
        return base * (self.floor + (1 - self.floor) * height)
