"""Small random numbers from a normal distribution."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field

from graphspec.initialisers.base import Initialiser


class Normal(Initialiser):
    """Small random numbers from a normal distribution.

    w = std · randn. Source: CS231n notes, Neural Networks 2, weight initialization.
    """

    kind: Literal["normal"] = "normal"
    """The name of this initialiser."""
    std: float = Field(default=0.01, gt=0)
    """Standard deviation of the weights."""

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return self.std * rng.standard_normal(shape)
