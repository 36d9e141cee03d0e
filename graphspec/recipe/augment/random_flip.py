"""Mirror images."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.augment.base import Array, ImageAugmentation


class RandomFlip(ImageAugmentation):
    """Mirrors some of the images: left and right, or top and bottom.

    Not for digits and letters: a mirrored one is another one, or none.

    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks.
    """

    kind: Literal["random_flip"] = "random_flip"
    """The name of this augmentation."""
    direction: Literal["horizontal", "vertical"] = "horizontal"
    """Horizontal changes left and right, vertical top and bottom."""
    chance: float = Field(default=0.5, ge=0, le=1)
    """The probability that an image is mirrored."""

    def apply(self, x: Array, rng: np.random.Generator) -> Array:
        """x with the chosen images reversed along their width or height."""
        chosen = rng.random(len(x)) < self.chance
        y = x.copy()
        y[chosen] = np.flip(x[chosen], axis=3 if self.direction == "horizontal" else 2)
        return y
