"""Uniform with variance 2/(fan_in + fan_out), a compromise of both directions."""

from __future__ import annotations

from math import sqrt
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.initialisers.base import Initialiser


class Glorot(Initialiser):
    """Uniform with variance 2/(fan_in + fan_out), a compromise of both directions.

    w = U(−a, a) with a = √(6/(fan_in + fan_out)). Source: Glorot and Bengio 2010, Understanding the
    difficulty of training deep feedforward neural networks.
    """

    kind: Literal["glorot"] = "glorot"
    """The name of this initialiser."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return rng.uniform(-1, 1, shape) * sqrt(6 / (fan_in + fan_out))
