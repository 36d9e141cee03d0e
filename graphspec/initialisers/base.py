"""What an initialiser is: a rule that draws the first value of a parameter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.record import Record


class Initialiser(Record, ABC):
    """Draws the first value of one parameter from a seeded generator."""

    @abstractmethod
    def draw(
        self, shape: tuple[int, ...], fan_in: int, fan_out: int, rng: np.random.Generator
    ) -> npt.NDArray[Any]:
        """Return a float64 array of ``shape``.

        ``fan_in`` and ``fan_out`` count the connections into and out of one unit.
        """
