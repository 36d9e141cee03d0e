"""Normal with variance 2/fan_in, which keeps the second moment through ReLU layers."""

from __future__ import annotations

from math import sqrt
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from graphspec.initialisers.base import Initialiser


class He(Initialiser):
    """Normal with variance 2/fan_in, which keeps the second moment through ReLU layers.

    w = randn·√(2/n). Source: He et al. 2015, Delving Deep into Rectifiers; CS231n notes, Neural
    Networks 2.
    """

    kind: Literal["he"] = "he"
    """The name of this initialiser."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return rng.standard_normal(shape) * sqrt(2 / fan_in)
