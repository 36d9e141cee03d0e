"""Variance 1/fan_in, which keeps the variance of a linear layer's output."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.initialisers.base import Initialiser, draw_with_variance


class Lecun(Initialiser):
    """Variance 1/fan_in, which keeps the variance of a linear layer's output.

    w = randn/√n, or U(−a, a) with a = √(3/n). Source: LeCun et al. 1998,
    Efficient BackProp; CS231n notes, Neural Networks 2.
    """

    kind: Literal["lecun"] = "lecun"
    """The name of this initialiser."""
    distribution: Literal["normal", "uniform"] = "normal"
    """What the numbers are drawn from; the variance is the same."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return draw_with_variance(1 / fan_in, self.distribution, shape, rng)
