"""Normal with variance 1/fan_in, which keeps the variance of a linear layer's output."""

from __future__ import annotations

from math import sqrt
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.initialisers.base import Initialiser


class Lecun(Initialiser):
    """Normal with variance 1/fan_in, which keeps the variance of a linear layer's output.

    w = randn/√n. Source: LeCun et al. 1998, Efficient BackProp; CS231n notes, Neural Networks 2.
    """

    kind: Literal["lecun"] = "lecun"
    """The name of this initialiser."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return rng.standard_normal(shape) / sqrt(fan_in)
