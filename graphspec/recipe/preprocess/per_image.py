"""Standardising every example by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from graphspec.recipe.preprocess.base import Array, PreprocessStep


class PerImage(PreprocessStep):
    """Subtracts an example's own mean and divides by its own standard deviation.

    (x − mean)/max(σ, 1/√D) over the D numbers of the example; the bound keeps images of one colour
    finite. Nothing is learnt from the training split. It takes away differences of exposure.

    Source: Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images; the bound is
    that of TensorFlow's ``per_image_standardization``.
    """

    kind: Literal["per_image"] = "per_image"
    """The name of this step."""

    def apply(self, x: Array, fitted: Mapping[str, Array]) -> Array:
        """(x − mean)/max(σ, 1/√D), each example by itself."""
        axes = tuple(range(1, x.ndim))
        y: Array = x - x.mean(axis=axes, keepdims=True)
        deviation = np.sqrt(np.square(y).mean(axis=axes, keepdims=True))
        y /= np.maximum(deviation, (y[0].size if len(y) else 1) ** -0.5)
        return y
