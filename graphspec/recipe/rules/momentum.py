"""Gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

import numpy as np
from pydantic import Field

from graphspec.recipe.rules.base import Array, Fraction, UpdateRule


class WithVelocity(UpdateRule):
    """What momentum and Nesterov's momentum share: a velocity, and how much of it is kept."""

    momentum: Fraction = 0.9
    """μ: the share of the velocity that is kept. Typical: 0.5, 0.9, 0.95, 0.99."""
    start: Fraction | None = None
    """μ of the first step, from which it goes in a line to ``momentum``; null: μ never changes.
    Typical: 0.5, which is annealed to 0.9 or 0.99 over several epochs (CS231n, NN 3)."""
    rise: float = Field(default=5.0, gt=0)
    """How many epochs it takes from ``start`` to ``momentum``."""

    @property
    def is_annealed(self) -> bool:
        """Whether μ changes from step to step."""
        return self.start is not None

    def at(self, step: int, *, steps_per_epoch: int) -> Self:
        """The rule with μ of this step: start + (momentum − start)·min(1, t/rise), t in epochs."""
        if self.start is None:
            return self
        done = min(1.0, step / (self.rise * steps_per_epoch))
        momentum = self.start * (1 - done) + self.momentum * done
        return self.model_copy(update={"momentum": momentum})

    def slots(self, w: Array) -> dict[str, Array]:
        """The velocity."""
        return {"velocity": np.zeros_like(w)}


class Momentum(WithVelocity):
    """The gradient changes a velocity, and the velocity changes the weight.

    v ← μ v − rate·dw;  w ← w + v. The velocity starts at zero and holds the rate, so a new rate
    acts on new gradients only.

    Source: CS231n notes, Neural Networks 3, parameter updates.
    """

    kind: Literal["momentum"] = "momentum"
    """The name of this rule."""

    def update(
        self, w: Array, dw: Array, slots: Mapping[str, Array], *, rate: float, step: int
    ) -> None:
        """v ← μ v − rate·dw;  w ← w + v."""
        v = slots["velocity"]
        dw *= rate
        v *= self.momentum
        v -= dw
        w += v
