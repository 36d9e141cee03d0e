"""What a constraint is: a set that weights are brought back into after every update."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy.typing as npt

from graphspec.recipe.selection import OnWeights

Array = npt.NDArray[Any]


class Constraint(OnWeights, ABC):
    """A projection, made after every update of the weights (not of biases, not of scales)."""

    @abstractmethod
    def project(self, w: Array, fan_in: int) -> None:
        """Bring ``w`` back in place; ``fan_in`` counts the inputs of one unit."""
