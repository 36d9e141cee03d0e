"""What a penalty is: a term of the loss that depends on the weights alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy.typing as npt

from graphspec.recipe.selection import OnWeights

Array = npt.NDArray[Any]


class Penalty(OnWeights, ABC):
    """A regularisation term, summed over the parameters that decay (not biases, not scales)."""

    @abstractmethod
    def value(self, w: Array) -> float:
        """This term for one parameter."""

    @abstractmethod
    def add_gradient(self, w: Array, dw: Array) -> None:
        """Add this term's gradient to ``dw`` in place."""
