"""Variance 2/fan_in, which keeps the second moment through ReLU layers."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.initialisers.base import Initialiser, draw_with_variance


class He(Initialiser):
    """Variance 2/fan_in, which keeps the second moment through ReLU layers.

    w = randn·√(2/n), or U(−a, a) with a = √(6/n). Source: He et al. 2015, Delving
    Deep into Rectifiers; CS231n notes, Neural Networks 2.
    """

    kind: Literal["he"] = "he"
    """The name of this initialiser."""
    distribution: Literal["normal", "uniform"] = "normal"
    """What the numbers are drawn from; the variance is the same."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return draw_with_variance(2 / fan_in, self.distribution, shape, rng)
