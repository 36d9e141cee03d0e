"""Scaling every feature to [−1, 1]."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from graphspec.recipe.preprocess.base import Array, Chunks, PreprocessStep, reduced_axes


class MinMax(PreprocessStep):
    """Scales so that the training split's smallest value becomes −1 and its largest 1.

    (x − (max + min)/2) / ((max − min)/2). Features that never change become 0. Other splits may
    go beyond ±1.

    Source: CS231n notes, Neural Networks 2, data preprocessing.
    """

    kind: Literal["min_max"] = "min_max"
    """The name of this step."""
    per: Literal["feature", "channel", "single"] = "feature"
    """One range for each number of an example, for each channel, or for everything."""

    def fit(self, chunks: Chunks) -> dict[str, Array]:
        """The middle and half the width of the range; a width of 0 counts as 2."""
        low: Array = np.asarray(np.inf)
        high: Array = np.asarray(-np.inf)
        for chunk in chunks():
            axes = reduced_axes(chunk.ndim, self.per)
            low = np.minimum(low, chunk.min(axis=axes, keepdims=True))
            high = np.maximum(high, chunk.max(axis=axes, keepdims=True))
        half = (high[0] - low[0]) / 2
        return {"middle": (high[0] + low[0]) / 2, "half": np.where(half == 0, 1.0, half)}

    def apply(self, x: Array, fitted: Mapping[str, Array]) -> Array:
        """(x − middle)/half."""
        y: Array = x - fitted["middle"].astype(x.dtype)
        y /= fitted["half"].astype(x.dtype)
        return y
