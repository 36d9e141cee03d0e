"""A learning rate that rises to the rule's own once, and then falls far below its start."""

from __future__ import annotations

from math import cos, pi
from typing import Literal

from pydantic import Field

from graphspec.recipe.schedules.base import Schedule


class OneCycle(Schedule):
    """Rises along half a cosine to the rule's rate, then falls along another to almost nothing.

    The rule's rate is the peak, at step p = rise·T − 1 of T. From a to b half a cosine is
    b + (a − b)·½(1 + cos(π·done)): from start·a₀ to a₀ with done = step/p, then from a₀ to floor·a₀
    with done = (step − p)/(T − 1 − p). The momentum stays as it is.

    Source: Smith and Topin 2017, Super-Convergence; the cosines as in fast.ai and PyTorch.
    """

    kind: Literal["one_cycle"] = "one_cycle"
    """The name of this schedule."""
    rise: float = Field(default=0.3, ge=0, lt=1)
    """The share of the training in which the rate rises."""
    start: float = Field(default=0.04, gt=0, le=1)
    """The share of the rule's rate that it starts from: 1/25."""
    floor: float = Field(default=4e-6, ge=0, le=1)
    """The share of the rule's rate that is left at the end: a ten-thousandth of the start."""

    def rate(self, base: float, step: int, *, steps_per_epoch: int, total_steps: int) -> float:
        """Up to the peak, then down; ``floor``·a₀ from the last step on."""
        peak = self.rise * total_steps - 1
        if step <= peak and peak > 0:
            return base * _half_cosine(self.start, 1.0, step / peak)
        done = (step - peak) / (total_steps - 1 - peak)
        return base * _half_cosine(1.0, self.floor, min(1.0, done))


def _half_cosine(a: float, b: float, done: float) -> float:
    return b + (a - b) * 0.5 * (1 + cos(pi * done))
