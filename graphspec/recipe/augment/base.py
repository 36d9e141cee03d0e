"""What an augmentation is: a random change of training examples that keeps their class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.record import Record

Array = npt.NDArray[Any]


class Augmentation(Record, ABC):
    """Changes every image of a training batch in its own random way, before preprocessing.

    Validation and test examples are never changed.
    """

    @abstractmethod
    def apply(self, x: Array, rng: np.random.Generator) -> Array:
        """New images from ``x`` (N, C, H, W), of the same shape and type; ``x`` stays as it is."""
