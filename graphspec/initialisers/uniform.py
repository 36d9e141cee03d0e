"""Random numbers from a range."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import model_validator

from graphspec.initialisers.base import Initialiser


class Uniform(Initialiser):
    """Random numbers from a range.

    w = U(low, high), ``high`` left out. Source: CS231n notes, Neural Networks 2, weight
    initialization: it makes little difference whether small numbers are normal or uniform.
    """

    kind: Literal["uniform"] = "uniform"
    """The name of this initialiser."""
    low: float = -0.05
    """The smallest number."""
    high: float = 0.05
    """What every number is below."""

    @model_validator(mode="after")
    def _low_is_below_high(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"low must be below high, and {self.low:g} is not below {self.high:g}")
        return self

    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``."""
        return rng.uniform(self.low, self.high, shape)
