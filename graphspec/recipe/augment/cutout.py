"""Images with a piece missing."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.augment.base import Array, ImageAugmentation


class Cutout(ImageAugmentation):
    """Covers a square at a random place of every image, so that no single part is relied upon.

    The square's centre is uniform over the image, so that a part of the square may lie outside.

    Source: DeVries and Taylor 2017, Improved Regularization of Convolutional Neural Networks with
    Cutout.
    """

    kind: Literal["cutout"] = "cutout"
    """The name of this augmentation."""
    size: int = Field(default=8, gt=0)
    """The square's side, in pixels."""
    fill: float = 0.0
    """What it is covered with, in units of the data before preprocessing. The paper covers with
    the mean of the data."""

    def apply(self, x: Array, rng: np.random.Generator) -> Array:
        """x with one square of each image set to ``fill``."""
        n, _, h, w = x.shape
        top = rng.integers(0, h, (n, 1)) - self.size // 2
        left = rng.integers(0, w, (n, 1)) - self.size // 2
        rows, columns = np.arange(h), np.arange(w)
        inside_rows: Array = (rows >= top) & (rows < top + self.size)
        inside_columns: Array = (columns >= left) & (columns < left + self.size)
        covered: Array = inside_rows[:, None, :, None] & inside_columns[:, None, None, :]
        return np.where(covered, np.asarray(self.fill, x.dtype), x)
