"""Shifted images."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.augment.base import Array, ImageAugmentation


class RandomCrop(ImageAugmentation):
    """Pads every image, and cuts one of its own size out at a random place: a random shift.

    Source: Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks;
    the padding as in He et al. 2015, Deep Residual Learning, for CIFAR-10.
    """

    kind: Literal["random_crop"] = "random_crop"
    """The name of this augmentation."""
    pad: int = Field(default=4, gt=0)
    """By how many pixels an image is shifted at most, in each direction."""
    fill: float = 0.0
    """What comes in at the border, in units of the data before preprocessing."""

    def apply(self, x: Array, rng: np.random.Generator) -> Array:
        """Images shifted by −pad … pad pixels, down and across."""
        n, c, h, w = x.shape
        pad = self.pad
        padded = np.full((n, c, h + 2 * pad, w + 2 * pad), self.fill, x.dtype)
        padded[:, :, pad : pad + h, pad : pad + w] = x
        down, across = rng.integers(0, 2 * pad + 1, size=(2, n))
        rows = (down[:, None] + np.arange(h))[:, None, :, None]
        columns = (across[:, None] + np.arange(w))[:, None, None, :]
        examples, channels = np.ogrid[:n, :c]
        y: Array = padded[examples[..., None, None], channels[..., None, None], rows, columns]
        return y
