"""What an augmentation is: a random change of training examples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt

from graphspec.record import Record

Array = npt.NDArray[Any]


class Augmentation(Record, ABC):
    """Changes every example of a training batch in its own random way, before preprocessing.

    Validation and test examples are never changed.
    """

    @abstractmethod
    def change(self, x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """New examples and their answers, of the shapes and types of ``x`` and ``y``.

        ``x`` is (N, …). ``y`` holds class indices (N,), or numbers (N, K): real targets, or the
        probabilities of the classes for augmentations that are no ``ImageAugmentation``. Both stay
        as they are.
        """


class ImageAugmentation(Augmentation):
    """Changes images so that they keep their class."""

    @abstractmethod
    def apply(self, x: Array, rng: np.random.Generator) -> Array:
        """New images from ``x`` (N, C, H, W), of the same shape and type; ``x`` stays as it is."""

    def change(self, x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """The images are changed, and their answers are not."""
        return self.apply(x, rng), y
