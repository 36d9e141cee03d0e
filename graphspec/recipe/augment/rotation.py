"""Turned images."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field

from graphspec.recipe.augment.base import Array, ImageAugmentation


class Rotation(ImageAugmentation):
    """Turns every image about its centre by a random angle, with bilinear interpolation.

    Source: Simard et al. 2003, Best Practices for Convolutional Neural Networks Applied to Visual
    Document Analysis.
    """

    kind: Literal["rotation"] = "rotation"
    """The name of this augmentation."""
    degrees: float = Field(default=10.0, gt=0, le=180)
    """The largest angle; angles are uniform in −degrees … degrees."""
    fill: float = 0.0
    """What comes in at the corners, in units of the data before preprocessing."""

    def apply(self, x: Array, rng: np.random.Generator) -> Array:
        """Each image turned by its own angle; a positive one is counter-clockwise."""
        n, _, h, w = x.shape
        angles = np.radians(rng.uniform(-self.degrees, self.degrees, n))[:, None, None]
        down = np.arange(h)[:, None] - (h - 1) / 2
        across = np.arange(w)[None, :] - (w - 1) / 2
        # Where each pixel comes from.
        rows = np.cos(angles) * down + np.sin(angles) * across + (h - 1) / 2
        columns = np.cos(angles) * across - np.sin(angles) * down + (w - 1) / 2
        return _sample(x, rows, columns, self.fill)


def _sample(x: Array, rows: Array, columns: Array, fill: float) -> Array:
    """Images read at fractional places (N, H, W), bilinearly; outside there is ``fill``."""
    n, c, h, w = x.shape
    padded = np.full((n, c, h + 2, w + 2), fill, x.dtype)
    padded[:, :, 1:-1, 1:-1] = x
    # The border of fill stands for all that lies further out.
    rows, columns = np.clip(rows + 1, 0, h + 1), np.clip(columns + 1, 0, w + 1)
    top = np.minimum(rows.astype(np.intp), h)
    left = np.minimum(columns.astype(np.intp), w)
    below = (rows - top)[:, None].astype(x.dtype)
    right = (columns - left)[:, None].astype(x.dtype)
    examples, channels = np.arange(n)[:, None, None, None], np.arange(c)[:, None, None]

    def at(i: Array, j: Array) -> Array:
        return padded[examples, channels, i[:, None], j[:, None]]

    upper = at(top, left) * (1 - right) + at(top, left + 1) * right
    lower = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right
    y: Array = upper * (1 - below) + lower * below
    return y
