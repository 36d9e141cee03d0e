"""Variance 2/(fan_in + fan_out), a compromise of both directions."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.initialisers.base import Initialiser, draw_with_variance


class Glorot(Initialiser):
    """Variance 2/(fan_in + fan_out), a compromise of both directions.

    w = U(−a, a) with a = √(6/(fan_in + fan_out)), or w = randn·√(2/(fan_in + fan_out)). Source:
    Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward neural
    networks.
    """

    kind: Literal["glorot"] = "glorot"
    """The name of this initialiser."""
    distribution: Literal["normal", "uniform"] = "uniform"
    """What the numbers are drawn from; the variance is the same."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return draw_with_variance(2 / (fan_in + fan_out), self.distribution, shape, rng)
